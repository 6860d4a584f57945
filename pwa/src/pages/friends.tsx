// The code for friends, what came of it, and by whose code one came oneself.
import { useState } from "preact/hooks";
import { answer, api, useAnswer, type Schemas } from "../lib/api";
import { number, t } from "../lib/language";
import { Answer, Fault } from "../parts/answer";
import { Page } from "../parts/page";
import { club } from "../words/club";

type Referral = Schemas["ReferralView"];

export default function Friends() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/referral")));
  return (
    <Page title={t(club.friends)}>
      <Answer of={asked}>
        {(referral) => (
          <>
            <Own of={referral} />
            {referral.claimed ? <p>{t(club.claimed)}</p> : <Claim claimed={asked.set} />}
          </>
        )}
      </Answer>
    </Page>
  );
}

function Own({ of: referral }: { of: Referral }) {
  const [copied, setCopied] = useState(false);
  const share = () => {
    const text = t(club.shareText, { code: referral.code });
    // A window to share in that is closed again is no fault.
    if (navigator.share) navigator.share({ text }).catch(() => undefined);
    else navigator.clipboard.writeText(referral.code).then(() => setCopied(true), () => undefined);
  };
  return (
    <div class="card">
      <h2>{t(club.yourCode)}</h2>
      <p class="big voucher" translate={false}>
        {referral.code}
      </p>
      {referral.brand && (
        <p>
          {t(club.worth, {
            brand: referral.brand,
            newcomer: number(referral.newcomer_points),
            referrer: number(referral.referrer_points),
          })}
        </p>
      )}
      <button type="button" onClick={share}>
        {t(club.share)}
      </button>
      <p role="status">{copied && t(club.copied)}</p>
      <ul class="small">
        {referral.paid > 0 && <li>{t(club.paid, { n: referral.paid })}</li>}
        {referral.waiting > 0 && <li>{t(club.waiting, { n: referral.waiting })}</li>}
        {referral.brand && <li>{t(club.left, { n: referral.left_this_month })}</li>}
      </ul>
    </div>
  );
}

function Claim({ claimed }: { claimed: (view: Referral) => void }) {
  const [code, setCode] = useState("");
  const [fault, setFault] = useState<unknown>();
  const claim = (event: Event) => {
    event.preventDefault();
    setFault(undefined);
    answer(api.POST("/v1/me/referral", { body: { code: code.trim() } })).then(claimed, setFault);
  };
  return (
    <form onSubmit={claim}>
      <h2>{t(club.whoBrought)}</h2>
      {fault !== undefined && <Fault of={fault} />}
      <label for="friend">{t(club.friendsCode)}</label>
      <input
        id="friend"
        required
        maxLength={20}
        autocomplete="off"
        autocapitalize="characters"
        value={code}
        onInput={(event) => setCode(event.currentTarget.value)}
      />
      <p>
        <button>{t(club.claim)}</button>
      </p>
    </form>
  );
}
