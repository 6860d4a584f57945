// Every receipt, newest first.
import { answer, api, useList } from "../lib/api";
import { t } from "../lib/language";
import { Rows } from "../parts/answer";
import { Page } from "../parts/page";
import { ReceiptRow } from "../parts/receipt-row";
import { sent } from "../queue/sending";
import { receipts } from "../words/receipts";

export default function Receipts() {
  const list = useList(
    async (cursor) => {
      const found = await answer(api.GET("/v1/receipts", { params: { query: { cursor, limit: 20 } } }));
      return { rows: found.receipts, next: found.next_cursor };
    },
    [sent.value],
  );
  return (
    <Page title={t(receipts.title)}>
      <Rows of={list} none={t(receipts.none)}>
        {(row) => <ReceiptRow key={row.id} of={row} />}
      </Rows>
    </Page>
  );
}
