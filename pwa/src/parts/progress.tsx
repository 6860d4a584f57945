// How much of something is done, as a bar, with the words that say it.
interface Props {
  done: number;
  of: number;
  words: string;
}

export function Progress({ done, of: whole, words }: Props) {
  return (
    <p class="progress">
      <span>{words}</span>
      <progress value={Math.min(done, whole)} max={whole} aria-label={words} />
    </p>
  );
}
