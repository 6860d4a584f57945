// The shopper's passkeys: another one made here, and any of them forgotten.
import { useState } from "preact/hooks";
import { answer, api, useAnswer } from "../lib/api";
import { deviceName } from "../lib/device-name";
import { moment, t } from "../lib/language";
import { hasPasskeys, newPasskey } from "../lib/passkeys";
import { account } from "../words/account";
import { Answer, Fault } from "./answer";

export function PasskeyList() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/passkeys")));
  const [fault, setFault] = useState<unknown>();
  const [said, setSaid] = useState("");
  const attempt = (work: () => Promise<string>) => {
    setFault(undefined);
    setSaid("");
    work().then((words) => {
      setSaid(words);
      asked.again();
    }, setFault);
  };
  const add = () =>
    attempt(async () => {
      const { challenge_id, public_key } = await answer(api.POST("/v1/me/passkeys/options"));
      const credential = await newPasskey(public_key);
      if (!credential) return t(account.passkeyNotMade);
      const body = { challenge_id, name: deviceName(), credential };
      await answer(api.POST("/v1/me/passkeys", { body }));
      return t(account.passkeyMade);
    });
  const remove = (id: string, name: string) => {
    if (!confirm(t(account.passkeyRemoveSure, { name }))) return;
    attempt(async () => {
      await answer(api.DELETE("/v1/me/passkeys/{passkey_id}", { params: { path: { passkey_id: id } } }));
      return t(account.passkeyRemoved);
    });
  };
  return (
    <section>
      <h2>{t(account.passkeys)}</h2>
      <p>{t(account.passkeysWhy)}</p>
      {fault !== undefined && <Fault of={fault} />}
      <p role="status">{said}</p>
      <Answer of={asked}>
        {({ passkeys }) => (
          <ul class="rows">
            {passkeys.map(({ id, name, created_at }) => (
              <li key={id} class="row">
                <span class="what">
                  <strong>{name}</strong>
                  <span class="small">{t(account.passkeySince, { at: moment(created_at) })}</span>
                </span>
                <button type="button" onClick={() => remove(id, name)}>
                  {t(account.passkeyRemove)} <span class="hidden">{name}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </Answer>
      {hasPasskeys && (
        <button type="button" onClick={add}>
          {t(account.passkeyAdd)}
        </button>
      )}
    </section>
  );
}
