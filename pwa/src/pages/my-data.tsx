// A copy of all that is held, and leaving.
import { useState } from "preact/hooks";
import { answer, api, send, useAnswer, type Schemas } from "../lib/api";
import { refusal } from "../lib/faults";
import { moment, number, t } from "../lib/language";
import { forget } from "../lib/session";
import { Answer } from "../parts/answer";
import { FaultOrSignIn } from "../parts/fresh";
import { Page } from "../parts/page";
import { drop, mine } from "../queue/sending";
import { account } from "../words/account";

type Export = Schemas["ExportView"];

export default function MyData() {
  return (
    <Page title={t(account.data)}>
      <h2>{t(account.copy)}</h2>
      <p>{t(account.copyWhy)}</p>
      <Copies />
      <h2>{t(account.leave)}</h2>
      <p>{t(account.leaveWhy)}</p>
      <Leave />
    </Page>
  );
}

function Copies() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/exports")));
  const [fault, setFault] = useState<unknown>();
  const attempt = (work: () => Promise<unknown>) => {
    setFault(undefined);
    work().then(asked.again, setFault);
  };
  return (
    <>
      {fault !== undefined && <FaultOrSignIn of={fault} />}
      <p>
        <button type="button" onClick={() => attempt(() => answer(api.POST("/v1/me/exports")))}>
          {t(account.ask)}
        </button>
      </p>
      <Answer of={asked}>
        {({ exports }) => (
          <>
            <ul class="rows">
              {exports.map((one) => (
                <Copy key={one.id} of={one} fetched={() => attempt(() => save(one))} />
              ))}
            </ul>
            {exports.some(({ state }) => state === "waiting") && (
              <button type="button" onClick={asked.again}>
                {t(account.look)}
              </button>
            )}
          </>
        )}
      </Answer>
    </>
  );
}

function Copy({ of: one, fetched }: { of: Export; fetched: () => void }) {
  return (
    <li class="row">
      <span class="what">
        <strong>{stateOf(one)}</strong>
        <span class="small">{t(account.asked, { at: moment(one.asked_at) })}</span>
      </span>
      {one.download && (
        <button type="button" onClick={fetched}>
          {t(account.fetch)}
        </button>
      )}
    </li>
  );
}

function stateOf(one: Export): string {
  if (one.state === "waiting") return t(account.waiting, { percent: Math.floor(one.progress * 100) });
  if (one.state === "expired" || one.expires_at === null) return t(account.expired);
  const size = number(Math.round((one.size_bytes ?? 0) / 100_000) / 10);
  return t(account.ready, { size, at: moment(one.expires_at) });
}

// Fetched with the token that a link can't send, then handed to the browser as a file.
async function save({ download }: Export): Promise<void> {
  const response = await send(new Request(download ?? ""));
  if (!response.ok) throw await refusal(response);
  const address = URL.createObjectURL(await response.blob());
  const file = Object.assign(document.createElement("a"), { href: address, download: "quetbill.zip" });
  file.click();
  // The browser reads it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function Leave() {
  const [understood, setUnderstood] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const leave = (event: Event) => {
    event.preventDefault();
    setFault(undefined);
    forgetMe().catch(setFault);
  };
  return (
    <form onSubmit={leave}>
      {fault !== undefined && <FaultOrSignIn of={fault} />}
      <div class="choice">
        <input
          type="checkbox"
          id="understood"
          required
          checked={understood}
          onChange={(event) => setUnderstood(event.currentTarget.checked)}
        />
        <label for="understood">{t(account.understood)}</label>
      </div>
      <p>
        <button disabled={!understood}>{t(account.leaveNow)}</button>
      </p>
    </form>
  );
}

async function forgetMe(): Promise<void> {
  const asked = await answer(api.DELETE("/v1/me", { params: { query: { confirm: "erase" } } }));
  // Pictures that wait here would be sent for nobody.
  for (const { id } of mine.peek()) await drop(id).catch(() => undefined);
  forget(t(account.gone, { at: moment(asked.due_at) }));
}
