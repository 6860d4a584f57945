import type { Words } from "../lib/language";

export const signIn = {
  title: { vi: "Đăng nhập", en: "Sign in" },
  lead: {
    vi: "Chụp hóa đơn mua hàng, nhận điểm theo từng nhãn hàng.",
    en: "Photograph your receipts, earn points by brand.",
  },
  phone: { vi: "Số điện thoại", en: "Phone number" },
  phoneHint: { vi: "Số di động Việt Nam, ví dụ 0901234567", en: "A Vietnamese mobile number, like 0901234567" },
  ask: { vi: "Gửi mã cho tôi", en: "Send me a code" },
  byPasskey: { vi: "Đăng nhập bằng khóa truy cập", en: "Sign in with a passkey" },
  code: { vi: "Mã 6 chữ số", en: "Code of 6 digits" },
  codeSent: { vi: "Mã đã được gửi đến {phone}.", en: "A code was sent to {phone}." },
  enter: { vi: "Đăng nhập", en: "Sign in" },
  askAgain: { vi: "Gửi lại mã", en: "Send another code" },
  askAgainIn: { vi: "Gửi lại mã sau {n} giây", en: "Another code in {n} {n:second|seconds}" },
  otherPhone: { vi: "Dùng số khác", en: "Use another number" },
  secondTitle: { vi: "Xác nhận đó là bạn", en: "Is it you?" },
  secondWhy: {
    vi: "Tài khoản này đã lâu không dùng. Hóa đơn gần nhất của bạn mua ở chuỗi nào?",
    en: "This account was not used for long. At which chain did you buy what is on your last receipt?",
  },
  chain: { vi: "Tên chuỗi, ví dụ WinMart", en: "Name of the chain, like WinMart" },
  confirm: { vi: "Xác nhận", en: "Confirm" },
  notMine: { vi: "Tài khoản này không phải của tôi", en: "This account is not mine" },
  notMineWhy: {
    vi: "Số điện thoại này sẽ có một tài khoản mới, không có điểm nào.",
    en: "This number then gets a new account, without points.",
  },
} satisfies Words;
