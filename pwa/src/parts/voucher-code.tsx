// The code that a till asks for, large enough to be read across a counter.
import type { Schemas } from "../lib/api";
import { day, t } from "../lib/language";
import { rewards } from "../words/rewards";

export function Code({ of: voucher }: { of: Schemas["VoucherView"] }) {
  if (voucher.code === null) return <p class="small">{t(rewards.ends, { tail: voucher.code_tail })}</p>;
  return (
    <>
      <p class="small">{t(rewards.show)}</p>
      <p class="big voucher" translate={false}>
        {voucher.code}
      </p>
      <p class="small">{t(rewards.lastDay, { day: day(voucher.last_day) })}</p>
    </>
  );
}
