import type { Words } from "../lib/language";

export const offers = {
  title: { vi: "Ưu đãi", en: "Offers" },
  none: { vi: "Hiện chưa có ưu đãi nào.", en: "There are no offers now." },
  lasts: { vi: "Từ {from} đến hết {to}", en: "{from} to {to}" },
  notYet: { vi: "Còn thiếu", en: "Still missing" },
  stamps: { vi: "{have} trên {full} tem", en: "{have} of {full} stamps" },
} satisfies Words;
