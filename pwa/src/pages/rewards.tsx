// What points buy, and what keeps one from it.
import { useRef, useState } from "preact/hooks";
import { answer, api, useAnswer, type Schemas } from "../lib/api";
import { moment, money, t, type Words } from "../lib/language";
import { link } from "../lib/links";
import { Answer, Fault } from "../parts/answer";
import { Page } from "../parts/page";
import { Code } from "../parts/voucher-code";
import { rewards } from "../words/rewards";

type Reward = Schemas["RewardView"];

export default function Rewards() {
  const asked = useAnswer(() => answer(api.GET("/v1/rewards")));
  const [taken, setTaken] = useState<Schemas["VoucherView"] | null>(null);
  const took = (voucher: Schemas["VoucherView"]) => {
    setTaken(voucher);
    asked.again();
  };
  return (
    <Page title={t(rewards.title)}>
      <p>
        <a href={link("/vouchers")}>{t(rewards.vouchers)}</a>
      </p>
      <div role="status">
        {taken && (
          <div class="card">
            <p>
              <strong>{t(rewards.taken, { reward: taken.reward })}</strong>
            </p>
            <Code of={taken} />
          </div>
        )}
      </div>
      <Answer of={asked}>
        {({ rewards: found }) =>
          found.length === 0 ? (
            <p class="none">{t(rewards.none)}</p>
          ) : (
            <ul>
              {found.map((reward) => (
                <OnOffer key={reward.id} of={reward} took={took} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Page>
  );
}

function OnOffer({ of: reward, took }: { of: Reward; took: (voucher: Schemas["VoucherView"]) => void }) {
  return (
    <li class="card">
      <h2>{reward.name}</h2>
      <p>{reward.words}</p>
      <p class="big">{t(rewards.costs, { n: reward.points, brand: reward.brand })}</p>
      <p class="small">
        {[
          reward.money_minor > 0 && t(rewards.besides, { money: money(reward.money_minor, reward.currency) }),
          t(rewards.validDays, { n: reward.valid_days }),
          reward.ends_at && t(rewards.until, { at: moment(reward.ends_at) }),
          reward.few_left && t(rewards.fewLeft),
        ]
          .filter(Boolean)
          .join(". ")}
      </p>
      {reward.why_not === null ? <Take of={reward} took={took} /> : <p class="notice">{whyNot(reward)}</p>}
    </li>
  );
}

// One tap asks, a second takes. The key is made once for both, so that a lost answer is not paid for twice.
function Take({ of: reward, took }: { of: Reward; took: (voucher: Schemas["VoucherView"]) => void }) {
  const key = useRef(crypto.randomUUID());
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const take = () => {
    setBusy(true);
    setFault(undefined);
    const params = { path: { reward_id: reward.id }, header: { "idempotency-key": key.current } };
    answer(api.POST("/v1/rewards/{reward_id}/redemptions", { params }))
      .then((voucher) => {
        key.current = crypto.randomUUID();
        setAsking(false);
        took(voucher);
      })
      .catch(setFault)
      .finally(() => setBusy(false));
  };
  return (
    <>
      {fault !== undefined && <Fault of={fault} />}
      {asking ? (
        <>
          <p role="alert">{t(rewards.sure, { n: reward.points, reward: reward.name })}</p>
          <div class="ways">
            <button type="button" disabled={busy} onClick={take}>
              {t(rewards.yes)}
            </button>
            <button type="button" disabled={busy} onClick={() => setAsking(false)}>
              {t(rewards.no)}
            </button>
          </div>
        </>
      ) : (
        <button type="button" onClick={() => setAsking(true)}>
          {t(rewards.take, { reward: reward.name })}
        </button>
      )}
    </>
  );
}

function whyNot({ why_not: code, points_short: n }: Reward): string {
  const reasons: Words = rewards;
  return t(reasons[code ?? ""] ?? rewards.otherwise, { n });
}
