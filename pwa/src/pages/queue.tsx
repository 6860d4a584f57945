// What waits on this phone to be sent.
import { number, t } from "../lib/language";
import { Page } from "../parts/page";
import { QueueList } from "../parts/queue-list";
import { mine, queue as everybodys } from "../queue/sending";
import { queue } from "../words/queue";

export default function Queue() {
  return <Page title={t(queue.title)}>{everybodys.value !== null && <Kept all={everybodys.value.length} />}</Page>;
}

function Kept({ all }: { all: number }) {
  const bytes = mine.value.flatMap((item) => item.pages).reduce((sum, page) => sum + page.size, 0);
  const others = all - mine.value.length;
  return (
    <>
      {mine.value.length === 0 ? (
        <p class="none">{t(queue.none)}</p>
      ) : (
        <>
          <p>{t(queue.kept, { size: number(Math.round(bytes / 100_000) / 10) })}</p>
          <QueueList />
        </>
      )}
      {others > 0 && <p class="small">{t(queue.others, { n: others })}</p>}
    </>
  );
}
