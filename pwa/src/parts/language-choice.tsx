import { LANGUAGES, choose, language, t, type Language } from "../lib/language";
import { shell } from "../words/shell";

const NAMES: Record<Language, keyof typeof shell> = { vi: "vietnamese", en: "english" };

export function LanguageChoice() {
  return (
    <div class="languages" role="group" aria-label={t(shell.language)}>
      {LANGUAGES.map((one) => (
        <button
          key={one}
          type="button"
          lang={one}
          aria-pressed={language.value === one}
          onClick={() => choose(one)}
        >
          {t(shell[NAMES[one]])}
        </button>
      ))}
    </div>
  );
}
