// A receipt that is followed while its page is open: by the stream, and by looking where the stream breaks.
import { useEffect } from "preact/hooks";
import { answer, api, useAnswer, type Asked, type Schemas } from "./api";
import { listen } from "./events";
import { language } from "./language";

type Receipt = Schemas["ReceiptView"];

const OPEN = ["received", "reading", "in_review"];
const PAUSE_MS = 3_000;
const PAUSE_MAX_MS = 60_000;

export function mayChange(receipt: Receipt): boolean {
  return OPEN.includes(receipt.status);
}

export function useReceipt(id: string): Asked<Receipt> {
  const asked = useAnswer(() => look(id), [id]);
  const { data, set } = asked;
  const open = data !== undefined && mayChange(data);
  useEffect(() => {
    if (!open) return;
    const given = new AbortController();
    void follow(data, set, given.signal);
    return () => given.abort();
    // Each look at a status begins a stream behind it; what the stream tells must not begin another.
  }, [id, open, language.value]);
  return asked;
}

function look(id: string): Promise<Receipt> {
  return answer(api.GET("/v1/receipts/{receipt_id}", { params: { path: { receipt_id: id } } }));
}

async function follow(from: Receipt, told: (view: Receipt) => void, given: AbortSignal): Promise<void> {
  let seen = from.status as string;
  let pause = PAUSE_MS;
  const take = (view: Receipt) => {
    seen = view.status;
    pause = PAUSE_MS;
    told(view);
  };
  while (!given.aborted && OPEN.includes(seen)) {
    try {
      for await (const { event, data } of listen(`/v1/receipts/${from.id}/events`, seen, given)) {
        if (event !== "timeout") take(JSON.parse(data) as Receipt);
      }
    } catch {
      // Broken, or refused since too many are open: look instead, less and less often.
      await wait(pause, given);
      pause = Math.min(pause * 2, PAUSE_MAX_MS);
      if (!given.aborted) await look(from.id).then((view) => view.status !== seen && take(view), () => undefined);
    }
    await wait(PAUSE_MS / 3, given);
  }
}

function wait(pause: number, given: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (given.aborted) return done();
    const timer = setTimeout(done, pause);
    given.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
