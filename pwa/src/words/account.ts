import type { Words } from "../lib/language";

export const account = {
  devices: { vi: "Thiết bị đang đăng nhập", en: "Where you are signed in" },
  here: { vi: "Máy này", en: "This phone" },
  noName: { vi: "Thiết bị không tên", en: "A device without a name" },
  lastUsed: { vi: "Dùng lần cuối {at}", en: "Last used {at}" },
  signedIn: { vi: "Đăng nhập {at}", en: "Signed in {at}" },
  signOutOthers: { vi: "Đăng xuất mọi thiết bị khác", en: "Sign out everywhere else" },
  signOutOthersSure: { vi: "Đăng xuất mọi thiết bị khác?", en: "Sign out everywhere but here?" },
  signedOut: { vi: "Đã đăng xuất {n} thiết bị.", en: "Signed out on {n} {n:device|devices}." },
  data: { vi: "Dữ liệu của tôi", en: "My data" },
  copy: { vi: "Bản sao dữ liệu", en: "A copy of my data" },
  copyWhy: {
    vi: "Mọi điều chúng tôi giữ về bạn, kèm ảnh hóa đơn, trong một tệp ZIP. Mỗi ngày một lần.",
    en: "All that we hold about you, with your receipts' pictures, as a ZIP file. Once a day.",
  },
  ask: { vi: "Xin bản sao", en: "Ask for a copy" },
  waiting: { vi: "Đang chuẩn bị, {percent}%", en: "Being written, {percent}%" },
  ready: { vi: "Sẵn sàng, {size} MB, tải được đến {at}", en: "Ready, {size} MB, to be fetched until {at}" },
  expired: { vi: "Đã hết hạn tải", en: "No longer to be fetched" },
  asked: { vi: "Xin lúc {at}", en: "Asked for {at}" },
  fetch: { vi: "Tải về", en: "Fetch it" },
  look: { vi: "Xem lại", en: "Look again" },
  leave: { vi: "Rời chương trình", en: "Leave" },
  leaveWhy: {
    vi: "Tài khoản, hóa đơn, ảnh và mọi điểm của bạn bị xóa. Không có cách nào lấy lại.",
    en: "Your account, receipts, pictures and all points are deleted. There is no way back.",
  },
  understood: { vi: "Tôi hiểu và muốn xóa tất cả", en: "I understand, and want everything deleted" },
  leaveNow: { vi: "Xóa tài khoản của tôi", en: "Delete my account" },
  gone: {
    vi: "Tài khoản đã đóng. Mọi dữ liệu được xóa trước {at}.",
    en: "Your account is closed. Everything is deleted by {at}.",
  },
  signInFirst: { vi: "Đăng nhập lại", en: "Sign in again" },
  signInWhy: {
    vi: "Việc này cần lần đăng nhập trong mười phút gần đây.",
    en: "This needs a sign-in of the last ten minutes.",
  },
  appeal: { vi: "Nhờ người khác xem lại", en: "Ask another person to look" },
  appealWhy: {
    vi: "Bạn thấy chưa đúng? Một người khác sẽ xem lại hóa đơn này. Mỗi hóa đơn một lần.",
    en: "Is this wrong? Another person looks at the receipt, once.",
  },
  appealWords: { vi: "Điều bạn muốn nói", en: "What you want to say" },
  appealSend: { vi: "Gửi", en: "Send" },
  appealed: { vi: "Đã gửi. Một người khác sẽ xem lại.", en: "Sent. Another person will look." },
} satisfies Words;
