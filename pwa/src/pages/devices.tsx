// Where the shopper is signed in; elsewhere they can sign out from here.
import { useState } from "preact/hooks";
import { answer, api, useAnswer, type Schemas } from "../lib/api";
import { moment, t } from "../lib/language";
import { Answer, Fault } from "../parts/answer";
import { Page } from "../parts/page";
import { PasskeyList } from "../parts/passkeys";
import { account } from "../words/account";
import { shell } from "../words/shell";

type Device = Schemas["DeviceView"];

export default function Devices() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/devices")));
  const [fault, setFault] = useState<unknown>();
  const [ended, setEnded] = useState<number | null>(null);
  const attempt = (work: () => Promise<number>) => {
    setFault(undefined);
    work().then((count) => {
      setEnded(count);
      asked.again();
    }, setFault);
  };
  const signOutThere = ({ id }: Device) =>
    attempt(async () => {
      await answer(api.DELETE("/v1/me/devices/{device_id}", { params: { path: { device_id: id } } }));
      return 1;
    });
  const signOutOthers = () => {
    if (!confirm(t(account.signOutOthersSure))) return;
    const query = { keep_this: true };
    attempt(async () => (await answer(api.DELETE("/v1/me/devices", { params: { query } }))).sessions);
  };
  return (
    <Page title={t(account.devices)}>
      {fault !== undefined && <Fault of={fault} />}
      <p role="status">{ended !== null && t(account.signedOut, { n: ended })}</p>
      <Answer of={asked}>
        {({ devices }) => (
          <>
            <ul class="rows">
              {devices.map((device) => (
                <One key={device.id} of={device} signOut={() => signOutThere(device)} />
              ))}
            </ul>
            {devices.some(({ here }) => !here) && (
              <p>
                <button type="button" onClick={signOutOthers}>
                  {t(account.signOutOthers)}
                </button>
              </p>
            )}
          </>
        )}
      </Answer>
      <PasskeyList />
    </Page>
  );
}

function One({ of: device, signOut }: { of: Device; signOut: () => void }) {
  const name = device.name ?? t(account.noName);
  return (
    <li class="row">
      <span class="what">
        <strong>
          {name} {device.here && <span class="status">{t(account.here)}</span>}
        </strong>
        <span class="small">{t(account.lastUsed, { at: moment(device.last_used_at) })}</span>
        <span class="small">{t(account.signedIn, { at: moment(device.signed_in_at) })}</span>
      </span>
      {!device.here && (
        <button type="button" onClick={signOut}>
          {t(shell.signOut)} <span class="hidden">{name}</span>
        </button>
      )}
    </li>
  );
}
