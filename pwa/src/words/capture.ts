import type { Words } from "../lib/language";

export const capture = {
  title: { vi: "Chụp hóa đơn", en: "Scan a receipt" },
  guide: {
    vi: "Đặt cả tờ hóa đơn trong khung, đủ sáng, giữ yên máy.",
    en: "Keep the whole receipt inside the frame, well lit, and hold still.",
  },
  start: { vi: "Mở máy ảnh", en: "Open the camera" },
  take: { vi: "Chụp", en: "Take the picture" },
  choose: { vi: "Chọn ảnh có sẵn", en: "Choose from the gallery" },
  noCamera: {
    vi: "Không mở được máy ảnh. Bạn vẫn chọn được ảnh có sẵn.",
    en: "The camera can't be opened. You can still choose a picture.",
  },
  view: { vi: "Hình từ máy ảnh", en: "What the camera sees" },
  page: { vi: "Trang {n}", en: "Page {n}" },
  taken: { vi: "Đã có trang {n}.", en: "Page {n} is here." },
  looking: { vi: "Đang kiểm tra ảnh…", en: "Looking at the picture…" },
  good: { vi: "Ảnh rõ.", en: "The picture is clear." },
  blurred: { vi: "Ảnh bị mờ: giữ yên máy, lại gần hơn rồi chụp lại.", en: "Blurred: hold still, come closer, take it again." },
  too_dark: { vi: "Ảnh quá tối: bật đèn hoặc ra chỗ sáng.", en: "Too dark: turn on a light or move to one." },
  glare: { vi: "Ảnh bị lóa: nghiêng máy để ánh đèn không rọi vào giấy.", en: "Glare: tilt the phone so that no lamp shines on the paper." },
  remove: { vi: "Bỏ trang {n}", en: "Remove page {n}" },
  second: { vi: "Hóa đơn dài? Chụp trang tiếp theo, chừa lại ba dòng của trang trước.", en: "A long receipt? Take its next page, with three lines of the one before." },
  another: { vi: "Thêm trang", en: "Another page" },
  send: { vi: "Gửi hóa đơn", en: "Send the receipt" },
  sendAnyway: { vi: "Vẫn gửi", en: "Send it anyway" },
  full: { vi: "Đủ {n} trang.", en: "These are all {n} pages." },
  keeping: { vi: "Đang lưu…", en: "Keeping it…" },
  kept: {
    vi: "Đã lưu trên máy này. Ảnh tự gửi khi mở ứng dụng lúc có mạng.",
    en: "Kept on this phone. It is sent when the app is open and there is a network.",
  },
  sending: { vi: "Đã lưu, đang gửi…", en: "Kept, and being sent…" },
  next: { vi: "Chụp hóa đơn khác", en: "Scan another receipt" },
  notKept: {
    vi: "Ảnh chưa được lưu: máy hết chỗ chứa, hoặc đây là cửa sổ ẩn danh.",
    en: "The picture was not kept: this phone has no room left, or this is a private window.",
  },
} satisfies Words;
