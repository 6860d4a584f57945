import type { Schemas } from "../lib/api";
import { moment, money, printed, t, type Words } from "../lib/language";
import { link } from "../lib/links";
import { receipts } from "../words/receipts";

const STATUSES: Words = receipts;

export function Status({ of: status }: { of: string }) {
  return <span class={`status ${status}`}>{t(STATUSES[status] ?? receipts.otherStatus)}</span>;
}

export function ReceiptRow({ of: row }: { of: Schemas["ReceiptSummary"] }) {
  return (
    <li class="row">
      <span class="what">
        <a href={link(`/receipts/${row.id}`)}>{row.retailer ?? t(receipts.unknownShop)}</a>
        <span class="small">
          {row.purchased_at ? printed(row.purchased_at) : moment(row.received_at)}
          {row.total !== null && `, ${money(row.total, row.currency)}`}
        </span>
        <Status of={row.status} />
      </span>
      {row.points > 0 && <span class="amount">{t(receipts.points, { n: row.points })}</span>}
    </li>
  );
}
