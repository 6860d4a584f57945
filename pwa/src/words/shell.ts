import type { Words } from "../lib/language";

export const shell = {
  skip: { vi: "Đến nội dung", en: "Skip to content" },
  home: { vi: "Trang chủ", en: "Home" },
  receipts: { vi: "Hóa đơn", en: "Receipts" },
  capture: { vi: "Chụp", en: "Scan" },
  wallet: { vi: "Ví điểm", en: "Wallet" },
  more: { vi: "Xem thêm", en: "Show more" },
  menu: { vi: "Thêm", en: "More" },
  pages: { vi: "Các trang", en: "Pages" },
  loading: { vi: "Đang tải…", en: "Loading…" },
  unreachable: {
    vi: "Không kết nối được. Hãy kiểm tra mạng rồi thử lại.",
    en: "No connection. Check your network and try again.",
  },
  offline: {
    vi: "Bạn đang ngoại tuyến. Ảnh chụp được giữ trên máy này và gửi khi có mạng.",
    en: "You are offline. Pictures are kept on this phone and sent once there is a network.",
  },
  tryAgain: { vi: "Thử lại", en: "Try again" },
  newBuild: { vi: "Có phiên bản mới.", en: "There is a new version." },
  takeOver: { vi: "Cập nhật", en: "Update" },
  notFound: { vi: "Không có trang này", en: "There is no such page" },
  toHome: { vi: "Về trang chủ", en: "To the start" },
  language: { vi: "Ngôn ngữ", en: "Language" },
  vietnamese: { vi: "Tiếng Việt", en: "Tiếng Việt" },
  english: { vi: "English", en: "English" },
  signOut: { vi: "Đăng xuất", en: "Sign out" },
} satisfies Words;
