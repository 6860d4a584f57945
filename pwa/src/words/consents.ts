import type { Words } from "../lib/language";

export const consents = {
  title: { vi: "Điều bạn đồng ý", en: "What you agree to" },
  welcome: { vi: "Chào bạn", en: "Welcome" },
  lead: {
    vi: "Không có gì được đồng ý sẵn. Bạn chọn từng mục, và đổi ý lúc nào cũng được.",
    en: "Nothing is agreed to beforehand. You choose each, and may change your mind at any time.",
  },
  save: { vi: "Lưu lựa chọn", en: "Save my choice" },
  saved: { vi: "Đã lưu.", en: "Saved." },
  programme: { vi: "Tham gia chương trình (cần để nhận điểm)", en: "Take part (needed to earn points)" },
  brand_insight: { vi: "Số liệu cho nhãn hàng", en: "Figures for brands" },
  personal_offers: { vi: "Ưu đãi chọn riêng cho tôi", en: "Offers chosen for me" },
  surveys: { vi: "Hỏi ý kiến tôi", en: "Ask what I think" },
  messages_sms: { vi: "Quảng cáo qua SMS", en: "Advertising by SMS" },
  messages_zalo: { vi: "Quảng cáo qua Zalo", en: "Advertising by Zalo" },
  messages_push: { vi: "Báo tin trên điện thoại", en: "Ring my phone for news" },
  messages_email: { vi: "Quảng cáo qua email", en: "Advertising by e-mail" },
  messages_inbox_ads: { vi: "Quảng cáo trong hộp thư", en: "Advertising in the inbox" },
  other: { vi: "Khác", en: "Something else" },
} satisfies Words;
