// In which language the app speaks, and how it writes numbers, money and time.
import { effect, signal } from "@preact/signals";

export type Language = "vi" | "en";
export type Phrase = Record<Language, string>;
export type Words = Record<string, Phrase>;
type Gaps = Record<string, string | number>;

export const LANGUAGES: Language[] = ["vi", "en"];
const KEPT = "quetbill.language";
// Days are those of Vietnam, wherever the phone is.
const ZONE = "Asia/Ho_Chi_Minh";
const LOCALES: Record<Language, string> = { vi: "vi-VN", en: "en-GB" };

export const language = signal<Language>(chosen());

function chosen(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "vi" || kept === "en") return kept;
  return navigator.language.startsWith("en") ? "en" : "vi";
}

effect(() => {
  document.documentElement.lang = language.value;
});

export function choose(one: Language): void {
  localStorage.setItem(KEPT, one);
  language.value = one;
}

// `{n}` is a gap; `{n:point|points}` is the word for one or for more.
export function t(phrase: Phrase, gaps: Gaps = {}): string {
  return phrase[language.value].replace(
    /\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g,
    (_, name: string, one?: string, more?: string) => {
      const gap = gaps[name] ?? "";
      if (one !== undefined && more !== undefined) return gap === 1 ? one : more;
      return typeof gap === "number" ? number(gap) : gap;
    },
  );
}

export function number(amount: number): string {
  return new Intl.NumberFormat(LOCALES[language.value]).format(amount);
}

export function money(major: number | null, currency: string | null): string {
  if (major === null || currency === null) return "";
  const style = { style: "currency", currency, currencyDisplay: "narrowSymbol" } as const;
  return new Intl.NumberFormat(LOCALES[language.value], style).format(major);
}

// Of a day without a time: 2026-11-30.
export function day(on: string): string {
  return written(`${on}T00:00:00Z`, { dateStyle: "medium", timeZone: "UTC" });
}

export function moment(at: string | number): string {
  return written(at, { dateStyle: "medium", timeStyle: "short", timeZone: ZONE });
}

// As a till printed it, without a zone: shown as it stands.
export function printed(at: string): string {
  return written(`${at}Z`, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
}

function written(at: string | number, style: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALES[language.value], style).format(new Date(at));
}
