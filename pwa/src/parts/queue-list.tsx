// What waits on this phone, as a list.
import { moment, t } from "../lib/language";
import { link } from "../lib/links";
import { discard, heldBy, hurry, mine, sending } from "../queue/sending";
import type { Waiting } from "../queue/store";
import { queue } from "../words/queue";

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
    if (confirm(t(queue.discardSure))) void discard(item.id);
  };
  return (
    <li class="row">
      <span class="what">
        <strong>{stateOf(item)}</strong>
        {item.refused && <span>{item.refused.detail}</span>}
        <span class="small">
          {t(queue.made, { at: moment(item.madeAt) })}, {t(queue.pages, { n: item.pages.length })}
        </span>
      </span>
      <button type="button" onClick={remove}>
        {t(queue.discard)}
      </button>
    </li>
  );
}

function stateOf(item: Waiting): string {
  if (item.refused) return t(queue.refused);
  if (sending.value === item.id) return t(queue.sending);
  return item.tries > 0 ? t(queue.tried, { n: item.tries }) : t(queue.waits);
}
