import type { Words } from "../lib/language";

export const queue = {
  title: { vi: "Đang chờ gửi", en: "Waiting to be sent" },
  none: { vi: "Không có ảnh nào chờ gửi.", en: "No pictures wait to be sent." },
  count: { vi: "{n} hóa đơn chờ gửi", en: "{n} {n:receipt waits|receipts wait} to be sent" },
  kept: {
    vi: "Ảnh nằm trên máy này, chiếm {size} MB, và tự gửi khi mở ứng dụng lúc có mạng.",
    en: "The pictures are on this phone, {size} MB, and are sent when the app is open and there is a network.",
  },
  pages: { vi: "{n} trang", en: "{n} {n:page|pages}" },
  made: { vi: "Chụp lúc {at}", en: "Taken {at}" },
  sending: { vi: "Đang gửi…", en: "Sending…" },
  arrived: { vi: "Đã gửi {percent}%", en: "{percent}% sent" },
  pause: { vi: "Tạm dừng", en: "Pause" },
  paused: { vi: "Đã tạm dừng", en: "Paused" },
  goOn: { vi: "Gửi tiếp", en: "Go on" },
  offline: { vi: "Chờ có mạng", en: "Waits for a network" },
  waits: { vi: "Chờ gửi", en: "Waits" },
  tried: { vi: "Đã thử {n} lần, sẽ thử lại", en: "Tried {n} {n:time|times}, will try again" },
  refused: { vi: "Không gửi được", en: "Can't be sent" },
  others: {
    vi: "{n} hóa đơn của tài khoản khác cũng nằm trên máy này. Chúng chỉ được gửi khi chủ tài khoản đăng nhập.",
    en: "{n} {n:receipt|receipts} of another account {n:is|are} on this phone too, sent only once its owner signs in.",
  },
  sendNow: { vi: "Gửi ngay", en: "Send now" },
  discard: { vi: "Xóa", en: "Delete" },
  discardSure: {
    vi: "Xóa ảnh này khỏi máy? Hóa đơn sẽ không được gửi.",
    en: "Delete these pictures from the phone? The receipt is not sent.",
  },
  consent: {
    vi: "Để nhận điểm, bạn cần đồng ý tham gia chương trình.",
    en: "To earn points you need to agree to take part.",
  },
  toConsents: { vi: "Xem và đồng ý", en: "Read and agree" },
  page: { vi: "Trang {n}", en: "Page {n}" },
} satisfies Words;
