// Signing in: a phone number, then the code that is sent to it.
import { useEffect, useRef, useState } from "preact/hooks";
import { answer, door } from "../lib/api";
import { deviceName } from "../lib/device-name";
import { t } from "../lib/language";
import { hasPasskeys, shownPasskey } from "../lib/passkeys";
import { endedBecause, take } from "../lib/session";
import { setWelcome } from "../lib/welcome";
import { Fault } from "../parts/answer";
import { LanguageChoice } from "../parts/language-choice";
import { Page } from "../parts/page";
import { signIn } from "../words/sign-in";

export function SignIn() {
  const [phone, setPhone] = useState("");
  const [asked, setAsked] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [nextIn, count] = useCountdown();

  const attempt = (work: () => Promise<void>) => (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    work().catch(setFault).finally(() => setBusy(false));
  };
  const ask = attempt(async () => {
    const sent = await answer(door.POST("/v1/auth/codes", { body: { phone } }));
    setAsked(true);
    count(sent.next_code_in_seconds);
  });
  const enter = (code: string) =>
    attempt(async () => {
      const body = { phone, code, cookie: true, device_name: deviceName() };
      const tokens = await answer(door.POST("/v1/auth/tokens", { body }));
      setWelcome(true);
      take(tokens);
    });

  const byPasskey = attempt(async () => {
    const { challenge_id, public_key } = await answer(door.POST("/v1/auth/passkeys/options"));
    const credential = await shownPasskey(public_key);
    // Turned away by whoever was asked: nothing is wrong.
    if (!credential) return;
    const body = { challenge_id, credential, cookie: true, device_name: deviceName() };
    take(await answer(door.POST("/v1/auth/passkeys", { body })));
  });

  return (
    <Page title={t(signIn.title)}>
      <p>{t(signIn.lead)}</p>
      {endedBecause.value && <p class="notice">{endedBecause.value}</p>}
      {fault !== undefined && <Fault of={fault} />}
      {asked ? (
        <>
          <p role="status">{t(signIn.codeSent, { phone })}</p>
          <CodeForm enter={enter} busy={busy} />
          <p>
            <button type="button" disabled={busy || nextIn > 0} onClick={ask}>
              {nextIn > 0 ? t(signIn.askAgainIn, { n: nextIn }) : t(signIn.askAgain)}
            </button>{" "}
            <button type="button" onClick={() => setAsked(false)}>
              {t(signIn.otherPhone)}
            </button>
          </p>
        </>
      ) : (
        <form onSubmit={ask}>
          <label for="phone">{t(signIn.phone)}</label>
          <input
            id="phone"
            type="tel"
            inputMode="tel"
            autocomplete="tel"
            required
            maxLength={32}
            aria-describedby="phone-hint"
            value={phone}
            onInput={(event) => setPhone(event.currentTarget.value)}
          />
          <p id="phone-hint" class="small">
            {t(signIn.phoneHint)}
          </p>
          <button class="main" disabled={busy}>
            {t(signIn.ask)}
          </button>
          {hasPasskeys && (
            <button type="button" disabled={busy} onClick={byPasskey}>
              {t(signIn.byPasskey)}
            </button>
          )}
        </form>
      )}
      <LanguageChoice />
    </Page>
  );
}

function CodeForm({ enter, busy }: { enter: (code: string) => (event: Event) => void; busy: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form onSubmit={(event) => enter(field.current!.value.trim())(event)}>
      <label for="code">{t(signIn.code)}</label>
      {/* Phones put the code in by themselves, and pasting is allowed. */}
      <input
        id="code"
        ref={field}
        inputMode="numeric"
        autocomplete="one-time-code"
        required
        maxLength={16}
        class="code"
      />
      <button class="main" disabled={busy}>
        {t(signIn.enter)}
      </button>
    </form>
  );
}

// Seconds that are left, and how to begin.
function useCountdown(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return;
    const tick = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(tick);
  }, [left]);
  return [left, setLeft];
}
