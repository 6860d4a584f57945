import type { Words } from "../lib/language";

export const inbox = {
  title: { vi: "Hộp thư", en: "Inbox" },
  none: { vi: "Chưa có tin nào.", en: "No messages yet." },
  fresh: { vi: "Mới", en: "New" },
  unread: { vi: "{n} tin chưa đọc", en: "{n} {n:message|messages} unread" },
  toReceipt: { vi: "Xem hóa đơn", en: "See the receipt" },
} satisfies Words;
