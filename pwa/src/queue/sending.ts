// Sends what waits: at the start, when there is a network again, when the app comes to the front, and by a clock.
import { computed, effect, signal } from "@preact/signals";
import { prepared } from "../camera/work";
import { Refused } from "../lib/faults";
import { who } from "../lib/session";
import { all, change, put, remove, type Waiting } from "./store";
import { takeBack, upload } from "./upload";

const PAUSE_MS = 5_000;
const PAUSE_MAX_MS = 10 * 60_000;
// Refusals that end by themselves, or by what the shopper does elsewhere: the same is sent again later.
const PASSING = new Set([401, 403, 408, 409, 425, 429]);

// Everything that is kept here, of whichever account; null until it was looked at.
export const queue = signal<Waiting[] | null>(null);
// Which receipt an upload became, where this tab saw it: key of the queue to id of the receipt.
export const sent = signal<Record<string, string>>({});
export const sending = signal<string | null>(null);
// How much of what is being sent has arrived, 0 to 1; null where it goes at once.
export const arrived = signal<number | null>(null);
// What keeps everything from being sent until the shopper does something: a code of the API.
export const heldBy = signal<string | null>(null);
export const mine = computed(() => (queue.value ?? []).filter((item) => item.who === who.value));
export const pending = computed(() => mine.value.filter((item) => !item.refused).length);

const tabs = new BroadcastChannel("quetbill.queue");
let timer = 0;
let running = false;
let askedAgain = false;
let underWay: AbortController | null = null;
// Pictures that the page is making small already: nobody makes them small twice.
const coming = new Map<string, Promise<Blob[]>>();

export function startSending(): void {
  tabs.addEventListener("message", ({ data }: MessageEvent<{ sent?: Record<string, string> }>) => {
    if (data.sent) sent.value = { ...sent.value, ...data.sent };
    void look();
  });
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") hurry();
  });
  // At the start, and for whoever signs in.
  effect(() => {
    if (who.value !== null) void look().then(hurry);
  });
}

// Keep pictures, then send them; the answer is their key. Where they are not yet as they will be sent, `small` are.
export async function enqueue(pages: Blob[], takenAt: number | null, small?: Promise<Blob[]>): Promise<string> {
  const ready = small === undefined;
  const id = crypto.randomUUID();
  await put({ id, who: who.value!, madeAt: Date.now(), takenAt, pages, ready, tries: 0, nextAt: 0 });
  void navigator.storage?.persist?.().catch(() => undefined);
  if (small) coming.set(id, small);
  void told();
  hurry();
  return id;
}

export async function drop(id: string): Promise<void> {
  breakOff(id);
  await remove(id);
  await told();
}

// Not sent any more, and what had arrived of it is taken back.
export async function discard(item: Waiting): Promise<void> {
  await drop(item.id);
  void takeBack(item);
}

// Stop one where it is, or let it go on from there.
export async function pause(id: string, paused: boolean): Promise<void> {
  await change(id, { paused });
  if (paused) breakOff(id);
  await told();
  if (!paused) hurry();
}

function breakOff(id: string): void {
  if (sending.value === id) underWay?.abort();
}

async function look(): Promise<void> {
  queue.value = await all();
}

async function told(news: { sent?: Record<string, string> } = {}): Promise<void> {
  if (news.sent) sent.value = { ...sent.value, ...news.sent };
  await look();
  tabs.postMessage(news);
}

// Try now, whatever was to be waited for.
export function hurry(): void {
  void run(true);
}

async function run(now: boolean): Promise<void> {
  if (running) {
    askedAgain ||= now;
    return;
  }
  running = true;
  clearTimeout(timer);
  try {
    // One tab at a time; without such locks the key still makes one receipt of two uploads.
    await (navigator.locks ? navigator.locks.request("quetbill.send", () => drain(now)) : drain(now));
  } finally {
    running = false;
    sending.value = null;
    if (askedAgain) {
      askedAgain = false;
      void run(true);
    } else {
      waitForNext();
    }
  }
}

async function drain(now: boolean): Promise<void> {
  heldBy.value = null;
  await look();
  const due = mine.value.filter((item) => waitsForUs(item) && (now || item.nextAt <= Date.now()));
  for (const { id } of due) {
    // As it is by now: it may have been stopped while another was sent.
    const item = mine.value.find((one) => one.id === id);
    if (item && waitsForUs(item) && !(await sendOne(item))) break;
  }
}

// Whether the next may be tried: not where there is no network, or everything is refused alike.
async function sendOne(item: Waiting): Promise<boolean> {
  sending.value = item.id;
  arrived.value = null;
  underWay = new AbortController();
  const { signal: given } = underWay;
  try {
    const ready = item.ready ? item : await change(item.id, { pages: await small(item), ready: true });
    if (!ready || ready.paused) return true;
    const accepted = await upload(ready, { given, arrived: (share) => (arrived.value = share) });
    // Its page opens at once; what is kept here goes meanwhile.
    sent.value = { ...sent.value, [item.id]: accepted.id };
    await remove(item.id);
    await told({ sent: { [item.id]: accepted.id } });
    return true;
  } catch (fault) {
    // What may have arrived is asked for in parts, by its key.
    if (given.aborted) return await change(item.id, { tries: item.tries + 1 }).then(() => true);
    return await putOff(item, fault);
  } finally {
    underWay = null;
    arrived.value = null;
  }
}

function waitsForUs(item: Waiting): boolean {
  return !item.refused && !item.paused;
}

// One page at a time: phones have little memory for pictures.
async function small({ id, pages }: Waiting): Promise<Blob[]> {
  const begun = coming.get(id);
  coming.delete(id);
  if (begun) return await begun;
  const made: Blob[] = [];
  for (const page of pages) made.push((await prepared(page)).small);
  return made;
}

async function putOff(item: Waiting, fault: unknown): Promise<boolean> {
  const problem = fault instanceof Refused ? fault.problem : null;
  const forGood = problem !== null && problem.status < 500 && !PASSING.has(problem.status);
  if (forGood) {
    await change(item.id, { refused: { code: problem.code, detail: problem.detail } });
    await told();
    return true;
  }
  if (problem?.status === 403) heldBy.value = problem.code;
  const pause = Math.min(PAUSE_MS * 2 ** item.tries, PAUSE_MAX_MS) * (0.75 + Math.random() / 2);
  const asked = (fault instanceof Refused && fault.retryAfterSeconds ? fault.retryAfterSeconds : 0) * 1000;
  await change(item.id, { tries: item.tries + 1, nextAt: Date.now() + Math.max(pause, asked) });
  await told();
  return false;
}

function waitForNext(): void {
  const times = mine.value.filter(waitsForUs).map((item) => item.nextAt);
  if (times.length === 0) return;
  timer = window.setTimeout(() => void run(false), Math.max(1_000, Math.min(...times) - Date.now()));
}
