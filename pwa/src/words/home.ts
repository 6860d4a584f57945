import type { Words } from "../lib/language";

export const home = {
  title: { vi: "QuetBill", en: "QuetBill" },
  scan: { vi: "Chụp hóa đơn", en: "Scan a receipt" },
  points: { vi: "Điểm của bạn", en: "Your points" },
  latest: { vi: "Hóa đơn gần đây", en: "Latest receipts" },
  allPoints: { vi: "Xem ví điểm", en: "See the wallet" },
  allReceipts: { vi: "Xem mọi hóa đơn", en: "See every receipt" },
  install: { vi: "Cài ứng dụng lên máy", en: "Install the app" },
  installWhy: {
    vi: "Đã cài thì ảnh chờ gửi được giữ chắc hơn.",
    en: "Once it is installed, pictures that wait are kept more safely.",
  },
} satisfies Words;
