// Vouchers with their codes, the newest first; one that is not used can be given back.
import { useState } from "preact/hooks";
import { answer, api, useList, type Schemas } from "../lib/api";
import { moment, t, type Words } from "../lib/language";
import { link } from "../lib/links";
import { Fault, Rows } from "../parts/answer";
import { Page } from "../parts/page";
import { Code } from "../parts/voucher-code";
import { rewards } from "../words/rewards";

type Voucher = Schemas["VoucherView"];

const STATES: Words = rewards;

export default function Vouchers() {
  const vouchers = useList(async (cursor) => {
    const found = await answer(api.GET("/v1/me/vouchers", { params: { query: { cursor, limit: 20 } } }));
    return { rows: found.vouchers, next: found.next_cursor };
  });
  return (
    <Page title={t(rewards.vouchers)}>
      <p>
        <a href={link("/rewards")}>{t(rewards.title)}</a>
      </p>
      <Rows of={vouchers} none={t(rewards.noVouchers)}>
        {(voucher) => <Held key={voucher.id} of={voucher} changed={vouchers.again} />}
      </Rows>
    </Page>
  );
}

function Held({ of: voucher, changed }: { of: Voucher; changed: () => void }) {
  const [fault, setFault] = useState<unknown>();
  const giveBack = () => {
    if (!confirm(t(rewards.giveBackSure, { reward: voucher.reward, n: voucher.points }))) return;
    setFault(undefined);
    const params = { path: { voucher_id: voucher.id } };
    answer(api.POST("/v1/me/vouchers/{voucher_id}/cancel", { params })).then(changed, setFault);
  };
  const isGood = voucher.state === "issued";
  return (
    <li class="card">
      <h2>{voucher.reward}</h2>
      <p class="small">
        {voucher.brand}. {t(STATES[voucher.state] ?? rewards.otherState)}
        {voucher.used_at && `. ${t(rewards.usedAt, { at: moment(voucher.used_at) })}`}
      </p>
      <Code of={voucher} />
      {fault !== undefined && <Fault of={fault} />}
      {isGood && voucher.points > 0 && (
        <button type="button" onClick={giveBack}>
          {t(rewards.giveBack, { reward: voucher.reward })}
        </button>
      )}
    </li>
  );
}
