import type { Words } from "../lib/language";

export const more = {
  signOutSure: {
    vi: "{n} hóa đơn chưa được gửi. Chúng ở lại trên máy này và được gửi khi bạn đăng nhập lại. Đăng xuất?",
    en: "{n} {n:receipt is|receipts are} not sent yet. They stay on this phone until you sign in again. Sign out?",
  },
} satisfies Words;
