// What waits on this phone, as a list.
import { moment, t } from "../lib/language";
import { link } from "../lib/links";
import { online } from "../lib/network";
import { arrived, discard, heldBy, hurry, mine, pause, sending } from "../queue/sending";
import type { Waiting } from "../queue/store";
import { queue } from "../words/queue";
import { Progress } from "./progress";

export function QueueList() {
  return (
    <>
      {heldBy.value === "consent_needed" && (
        <p class="notice">
          {t(queue.consent)} <a href={link("/consents")}>{t(queue.toConsents)}</a>
        </p>
      )}
      <ul class="rows">
        {mine.value.map((item) => (
          <Item key={item.id} of={item} />
        ))}
      </ul>
      <button type="button" onClick={hurry}>
        {t(queue.sendNow)}
      </button>
    </>
  );
}

function Item({ of: item }: { of: Waiting }) {
  const remove = () => {
    if (confirm(t(queue.discardSure))) void discard(item);
  };
  return (
    <li class="row">
      <span class="what">
        <strong>{stateOf(item)}</strong>
        {sending.value === item.id && arrived.value !== null && <HowFar share={arrived.value} />}
        {item.refused && <span>{item.refused.detail}</span>}
        <span class="small">
          {t(queue.made, { at: moment(item.madeAt) })}, {t(queue.pages, { n: item.pages.length })}
        </span>
      </span>
      {!item.refused && (
        <button type="button" onClick={() => void pause(item.id, !item.paused)}>
          {t(item.paused ? queue.goOn : queue.pause)}
        </button>
      )}
      <button type="button" onClick={remove}>
        {t(queue.discard)}
      </button>
    </li>
  );
}

export function HowFar({ share }: { share: number }) {
  const percent = Math.floor(share * 100);
  return <Progress done={percent} of={100} words={t(queue.arrived, { percent })} />;
}

function stateOf(item: Waiting): string {
  if (item.refused) return t(queue.refused);
  if (item.paused) return t(queue.paused);
  if (!online.value) return t(queue.offline);
  if (sending.value === item.id) return t(queue.sending);
  return item.tries > 0 ? t(queue.tried, { n: item.tries }) : t(queue.waits);
}
