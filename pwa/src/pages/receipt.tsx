// One receipt: how it stands, why, and what each line earned. It follows what happens while it is open.
import { useRoute } from "preact-iso";
import type { Schemas } from "../lib/api";
import { moment, money, number, printed, t } from "../lib/language";
import { mayChange, useReceipt } from "../lib/watch";
import { Answer } from "../parts/answer";
import { Appeal } from "../parts/appeal";
import { Page } from "../parts/page";
import { Picture } from "../parts/picture";
import { Status } from "../parts/receipt-row";
import { receipts } from "../words/receipts";

type Receipt = Schemas["ReceiptView"];

export default function ReceiptPage() {
  const { params } = useRoute();
  const receipt = useReceipt(params.id ?? "");
  return (
    <Page title={receipt.data?.reading?.retailer ?? t(receipts.one)}>
      <Answer of={receipt}>{(view) => <Whole of={view} />}</Answer>
    </Page>
  );
}

function Whole({ of: view }: { of: Receipt }) {
  return (
    <>
      <div role="status" class="outcome">
        <Status of={view.status} />
        <Points of={view} />
        {mayChange(view) && <p class="small">{t(receipts.watching)}</p>}
      </div>
      {view.reasons.length > 0 && (
        <ul class="reasons" aria-label={t(receipts.why)}>
          {view.reasons.map((reason) => (
            <li key={reason.code} class={`notice ${reason.severity === "reject" ? "bad" : ""}`}>
              {reason.message}
            </li>
          ))}
        </ul>
      )}
      <Appeal of={view} />
      <Head of={view} />
      <Lines of={view} />
      <Campaigns of={view} />
      <h2>{t(receipts.picture)}</h2>
      {Array.from({ length: view.pages }, (_, page) => (
        <Picture key={page} receipt={view.id} page={page} />
      ))}
    </>
  );
}

function Points({ of: { status, points } }: { of: Receipt }) {
  if (points === 0) return null;
  if (status === "approved") return <p class="big">{t(receipts.earned, { n: points })}</p>;
  if (status === "in_review") return <p>{t(receipts.wouldEarn, { n: points })}</p>;
  return null;
}

function Head({ of: { reading, received_at: receivedAt } }: { of: Receipt }) {
  const rows: [string, string | null | undefined][] = [
    [t(receipts.total), reading && money(reading.total, reading.currency)],
    [t(receipts.bought), reading?.purchased_at && printed(reading.purchased_at)],
    [t(receipts.number), reading?.receipt_no],
    [t(receipts.sentAt), moment(receivedAt)],
  ];
  return (
    <dl>
      {rows.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Lines({ of: { lines, reading } }: { of: Receipt }) {
  if (lines.length === 0) return null;
  const currency = reading?.currency ?? null;
  return (
    <>
      <h2>{t(receipts.items)}</h2>
      <ul class="rows">
        {lines.map((line, index) => (
          <li key={index} class="row">
            <span class="what">
              <strong>{line.product ?? line.raw_name}</strong>
              <span class="small">
                {[line.brand, t(receipts.quantity, { n: line.quantity }), money(line.amount, currency)]
                  .filter(Boolean)
                  .join(", ")}
                {line.discount > 0 && `, ${t(receipts.discount, { money: money(line.discount, currency) })}`}
              </span>
              {line.why && <span class="small why">{line.why.message}</span>}
            </span>
            <span class="amount">{line.points > 0 ? `+${number(line.points)}` : "0"}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Campaigns({ of: { campaigns, rewards } }: { of: Receipt }) {
  if (campaigns.length === 0 && rewards.length === 0) return null;
  return (
    <>
      <h2>{t(receipts.campaigns)}</h2>
      <ul class="rows">
        {campaigns.map((one) => (
          <li key={one.campaign} class="row">
            <span class="what">
              <strong>{one.name}</strong>
              {one.why.map((why, index) => (
                <span key={index} class="small why">
                  {why.message} {why.would > 0 && t(receipts.wouldAdd, { n: why.would })}
                </span>
              ))}
            </span>
            {one.points > 0 && <span class="amount">+{number(one.points)}</span>}
          </li>
        ))}
        {rewards.map((one, index) => (
          <li key={index} class="row">
            <span class="what">
              <strong>{one.reward}</strong>
              <span class="small">{one.message}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
