// A number of things that wait; who listens instead of looking hears of what.
import { t, type Phrase } from "../lib/language";

const SHOWN_MAX = 99;

export function Badge({ of: count, words }: { of: number; words: Phrase }) {
  if (count === 0) return null;
  return (
    <span class="badge">
      <span aria-hidden="true">{count > SHOWN_MAX ? `${SHOWN_MAX}+` : count}</span>
      <span class="hidden">{t(words, { n: count })}</span>
    </span>
  );
}
