// Points by brand, what expires, and each movement.
import { answer, api, useAnswer, useList, type Schemas } from "../lib/api";
import { day, moment, number, t, type Words } from "../lib/language";
import { link } from "../lib/links";
import { Answer, Rows } from "../parts/answer";
import { Page } from "../parts/page";
import { wallet } from "../words/wallet";

export default function Wallet() {
  const balances = useAnswer(() => answer(api.GET("/v1/me/balances")));
  const transfers = useList(async (cursor) => {
    const found = await answer(api.GET("/v1/me/transfers", { params: { query: { cursor, limit: 20 } } }));
    return { rows: found.transfers, next: found.next_cursor };
  });
  return (
    <Page title={t(wallet.title)}>
      <h2>{t(wallet.balances)}</h2>
      <Answer of={balances}>{({ balances }) => <Balances of={balances} />}</Answer>
      <h2>{t(wallet.transfers)}</h2>
      <Rows of={transfers} none={t(wallet.noTransfers)}>
        {(row) => <Transfer key={row.id} of={row} />}
      </Rows>
    </Page>
  );
}

function Balances({ of: balances }: { of: Schemas["BalanceView"][] }) {
  if (balances.length === 0) return <p class="none">{t(wallet.none)}</p>;
  return (
    <ul class="cards">
      {balances.map((row) => (
        <li key={row.brand} class="card">
          <h3>{row.brand}</h3>
          <p class="big">{t(wallet.points, { n: row.available })}</p>
          {row.pending > 0 && <p class="small">{t(wallet.pending, { n: row.pending })}</p>}
          {row.held > 0 && <p class="small">{t(wallet.held, { n: row.held })}</p>}
          {row.owed > 0 && <p class="small">{t(wallet.owed, { n: row.owed })}</p>}
          {row.expiring.map((lot) => (
            <p key={lot.expires_on} class="small">
              {t(wallet.expiring, { n: lot.points, day: day(lot.expires_on) })}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

function Transfer({ of: row }: { of: Schemas["TransferView"] }) {
  const kinds: Words = wallet;
  return (
    <li class="row">
      <span class="what">
        <strong>{t(kinds[row.kind] ?? wallet.other)}</strong>
        <span class="small">
          {row.brand}, {moment(row.occurred_at)}
        </span>
        {row.receipt_id && <a href={link(`/receipts/${row.receipt_id}`)}>{t(wallet.receipt)}</a>}
      </span>
      <span class={row.points < 0 ? "amount less" : "amount"}>
        {row.points > 0 ? "+" : ""}
        {number(row.points)}
      </span>
    </li>
  );
}
