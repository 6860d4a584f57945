// Taking pictures of one receipt: by the camera with a guide, or from the gallery; then looked at, kept and sent.
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { prepared, warmUp } from "../camera/work";
import type { Prepared } from "../camera/canvas";
import type { Warning } from "../camera/measure";
import { t } from "../lib/language";
import { link } from "../lib/links";
import { Camera } from "../parts/camera";
import { Page } from "../parts/page";
import { HowFar } from "../parts/queue-list";
import { arrived, enqueue, heldBy, mine, pause, sending, sent } from "../queue/sending";
import { capture } from "../words/capture";
import { queue } from "../words/queue";

const PAGES_MAX = 6;

interface Taken {
  picture: Blob;
  // By the camera here, not chosen from elsewhere.
  live: boolean;
  address: string;
  // What is sent of it: on its way, and there.
  coming: Promise<Prepared>;
  small?: Blob;
  // Undefined while it is looked at, null where this browser can't.
  warnings?: Warning[] | null;
}

export default function Capture() {
  const [pages, setPages] = useState<Taken[]>([]);
  const [key, setKey] = useState("");
  const [full, setFull] = useState(false);

  useEffect(warmUp, []);

  const add = (pictures: Blob[], live: boolean) => {
    const room = pictures.slice(0, PAGES_MAX - pages.length);
    const taken = room.map((picture) => ({
      picture,
      live,
      address: URL.createObjectURL(picture),
      coming: lookAt(picture),
    }));
    setPages((before) => [...before, ...taken]);
  };
  const note = (picture: Blob, news: Partial<Taken>) =>
    setPages((before) => before.map((page) => (page.picture === picture ? { ...page, ...news } : page)));
  const lookAt = async (picture: Blob) => {
    const made = await inTurn(() => prepared(picture));
    note(picture, { small: made.small, warnings: made.looked && made.looked.warnings });
    return made;
  };
  const remove = (page: Taken) => {
    URL.revokeObjectURL(page.address);
    setPages((before) => before.filter((one) => one !== page));
  };
  const send = () => {
    setFull(false);
    const takenAt = pages.every(({ live }) => live) ? Date.now() : null;
    // Whoever is quicker than the phone has the pictures kept as they were taken.
    const small = pages.flatMap(({ small }) => small ?? []);
    const kept =
      small.length === pages.length
        ? enqueue(small, takenAt)
        : enqueue(pages.map(({ picture }) => picture), takenAt, all(pages));
    kept.then(setKey, () => setFull(true));
  };
  const again = () => {
    pages.forEach(({ address }) => URL.revokeObjectURL(address));
    setPages([]);
    setKey("");
  };

  if (key) return <OnItsWay of={key} again={again} />;
  return (
    <Page title={t(capture.title)}>
      <p>{t(capture.guide)}</p>
      {pages.length < PAGES_MAX ? (
        <Camera take={add} first={pages.length === 0} />
      ) : (
        <p>{t(capture.full, { n: PAGES_MAX })}</p>
      )}
      <ol class="pages">
        {pages.map((page, index) => (
          <PageTaken key={page.address} of={page} number={index + 1} remove={() => remove(page)} />
        ))}
      </ol>
      {full && (
        <p class="notice bad" role="alert">
          {t(capture.notKept)}
        </p>
      )}
      {pages.length > 0 && (
        <>
          <p class="small">{t(capture.second)}</p>
          <button type="button" class="main" onClick={send}>
            {t(pages.some(({ warnings }) => warnings?.length) ? capture.sendAnyway : capture.send)}
          </button>
        </>
      )}
    </Page>
  );
}

async function all(pages: Taken[]): Promise<Blob[]> {
  return (await Promise.all(pages.map(({ coming }) => coming))).map(({ small }) => small);
}

// One after the other: phones have little memory for pictures.
let last: Promise<unknown> = Promise.resolve();
function inTurn(work: () => Promise<Prepared>): Promise<Prepared> {
  const next = last.then(work);
  last = next;
  return next;
}

function PageTaken({ of: page, number, remove }: { of: Taken; number: number; remove: () => void }) {
  const { warnings } = page;
  return (
    <li class="taken">
      <img src={page.address} alt={t(capture.page, { n: number })} />
      <div>
        <p role="status">
          {t(capture.taken, { n: number })}{" "}
          {warnings === undefined && t(capture.looking)}
          {warnings?.length === 0 && t(capture.good)}
        </p>
        {warnings?.map((warning) => (
          <p key={warning} class="notice warns" role="alert">
            {t(capture[warning])}
          </p>
        ))}
        <button type="button" onClick={remove}>
          {t(capture.remove, { n: number })}
        </button>
      </div>
    </li>
  );
}

// Kept, and on its way: once it is taken in, its own page follows it.
function OnItsWay({ of: key, again }: { of: string; again: () => void }) {
  const { route } = useLocation();
  const receipt = sent.value[key];
  // The page that comes next is there before the answer is.
  useEffect(() => void import("./receipt"), []);
  useEffect(() => {
    if (receipt) route(link(`/receipts/${receipt}`), true);
  }, [receipt]);
  const item = mine.value.find(({ id }) => id === key);
  return (
    <Page title={t(capture.title)}>
      <p role="status" class={item?.refused ? "notice bad" : "notice"}>
        {item?.refused?.detail ?? t(sending.value === key ? capture.sending : capture.kept)}
      </p>
      {sending.value === key && arrived.value !== null && <HowFar share={arrived.value} />}
      {item && !item.refused && (item.paused || arrived.value !== null) && (
        <button type="button" onClick={() => void pause(key, !item.paused)}>
          {t(item.paused ? queue.goOn : queue.pause)}
        </button>
      )}
      {heldBy.value === "consent_needed" && (
        <p class="notice">
          {t(queue.consent)} <a href={link("/consents")}>{t(queue.toConsents)}</a>
        </p>
      )}
      <button type="button" class="main" onClick={again}>
        {t(capture.next)}
      </button>
      <p>
        <a href={link("/queue")}>{t(queue.title)}</a>
      </p>
    </Page>
  );
}
