// The start: scan, what waits, points and the latest receipts.
import { answer, api, useAnswer } from "../lib/api";
import { installOffer } from "../lib/install";
import { t } from "../lib/language";
import { link } from "../lib/links";
import { Answer } from "../parts/answer";
import { Page } from "../parts/page";
import { QueueList } from "../parts/queue-list";
import { ReceiptRow } from "../parts/receipt-row";
import { mine, sent } from "../queue/sending";
import { home } from "../words/home";
import { queue } from "../words/queue";
import { receipts } from "../words/receipts";
import { wallet } from "../words/wallet";

const LATEST = 5;

export default function Home() {
  const balances = useAnswer(() => answer(api.GET("/v1/me/balances")));
  const query = { limit: LATEST };
  const latest = useAnswer(() => answer(api.GET("/v1/receipts", { params: { query } })), [sent.value]);
  return (
    <Page title={t(home.title)}>
      <a class="main" href={link("/capture")}>
        {t(home.scan)}
      </a>
      {mine.value.length > 0 && (
        <section class="card">
          <h2>{t(queue.count, { n: mine.value.length })}</h2>
          <QueueList />
        </section>
      )}
      <h2>{t(home.points)}</h2>
      <Answer of={balances}>
        {({ balances }) =>
          balances.length === 0 ? (
            <p class="none">{t(wallet.none)}</p>
          ) : (
            <ul class="brands">
              {balances.map((row) => (
                <li key={row.brand}>
                  <strong>{row.brand}</strong> <span>{t(wallet.points, { n: row.available })}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
      <p>
        <a href={link("/wallet")}>{t(home.allPoints)}</a>
      </p>
      <h2>{t(home.latest)}</h2>
      <Answer of={latest}>
        {({ receipts: rows }) =>
          rows.length === 0 ? (
            <p class="none">{t(receipts.none)}</p>
          ) : (
            <ul class="rows">
              {rows.map((row) => (
                <ReceiptRow key={row.id} of={row} />
              ))}
            </ul>
          )
        }
      </Answer>
      <p>
        <a href={link("/receipts")}>{t(home.allReceipts)}</a>
      </p>
      {installOffer.value && (
        <section class="card">
          <p>{t(home.installWhy)}</p>
          <button type="button" onClick={() => void installOffer.value?.prompt()}>
            {t(home.install)}
          </button>
        </section>
      )}
    </Page>
  );
}
