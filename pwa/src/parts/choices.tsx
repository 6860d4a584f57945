// Purposes to agree to, each by itself; none is ticked by us.
import { useState } from "preact/hooks";
import { answer, api, type Schemas } from "../lib/api";
import { language, t, type Words } from "../lib/language";
import { hurry } from "../queue/sending";
import { consents as told } from "../words/consents";
import { Fault } from "./answer";

type Consent = Schemas["ConsentView"];

const NAMES: Words = told;

interface Props {
  of: Consent[];
  saved: (view: Schemas["ConsentsView"]) => void;
}

export function Choices({ of: consents, saved }: Props) {
  const asked = consents.filter((one) => one.brand === null);
  const [given, setGiven] = useState(() => new Map(asked.map((one) => [nameOf(one), one.given])));
  const [fault, setFault] = useState<unknown>();
  const [done, setDone] = useState(false);
  const save = (event: Event) => {
    event.preventDefault();
    setFault(undefined);
    setDone(false);
    const isNew = (one: Consent) =>
      one.said_at === null || one.given !== (given.get(nameOf(one)) ?? false);
    const choices = asked.filter(isNew).map((one) => choice(one, given.get(nameOf(one)) ?? false));
    say(choices)
      .then((view) => {
        setDone(true);
        if (view) saved(view);
        // What waits for a yes is sent now.
        hurry();
      })
      .catch(setFault);
  };
  return (
    <form onSubmit={save}>
      {asked.map((one) => {
        const name = nameOf(one);
        return (
          <div key={name} class="choice">
            <input
              type="checkbox"
              id={name}
              aria-describedby={`${name}-text`}
              checked={given.get(name) ?? false}
              onChange={(event) => setGiven(new Map(given).set(name, event.currentTarget.checked))}
            />
            <div>
              <label for={name}>{t(NAMES[name] ?? told.other)}</label>
              <p id={`${name}-text`} class="small" lang={one.text.language}>
                {one.text.text}
              </p>
            </div>
          </div>
        );
      })}
      {fault !== undefined && <Fault of={fault} />}
      <button class="main">{t(told.save)}</button>
      <p role="status">{done && t(told.saved)}</p>
    </form>
  );
}

async function say(consents: Schemas["ConsentChoice"][]): Promise<Schemas["ConsentsView"] | null> {
  if (consents.length === 0) return null;
  const body = { asked_in: "web" as const, language: language.value, consents };
  return await answer(api.PUT("/v1/me/consents", { body }));
}

function nameOf({ purpose, channel }: Consent): string {
  return channel === null ? purpose : `${purpose}_${channel}`;
}

// A yes names the words that were shown.
function choice(one: Consent, given: boolean): Schemas["ConsentChoice"] {
  const shown = given ? { text_version: one.text.version, text_sha256: one.text.sha256 } : {};
  return { purpose: one.purpose, channel: one.channel, given, ...shown };
}
