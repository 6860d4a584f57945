// Against a refusal a shopper may ask for another person, once.
import { useState } from "preact/hooks";
import { answer, api, type Schemas } from "../lib/api";
import { t } from "../lib/language";
import { account } from "../words/account";
import { Fault } from "./answer";

const WORDS_MIN = 3;
const WORDS_MAX = 500;

export function Appeal({ of: receipt }: { of: Schemas["ReceiptView"] }) {
  const [words, setWords] = useState("");
  const [fault, setFault] = useState<unknown>();
  const [sent, setSent] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    setFault(undefined);
    const params = { path: { receipt_id: receipt.id } };
    const body = { words: words.trim() };
    answer(api.POST("/v1/receipts/{receipt_id}/appeal", { params, body })).then(() => setSent(true), setFault);
  };
  if (!receipt.may_appeal && !sent) return null;
  return (
    <section class="card">
      <h2>{t(account.appeal)}</h2>
      <p role="status">{sent && t(account.appealed)}</p>
      {!sent && (
        <form onSubmit={send}>
          <p>{t(account.appealWhy)}</p>
          {fault !== undefined && <Fault of={fault} />}
          <label for="appeal">{t(account.appealWords)}</label>
          <textarea
            id="appeal"
            rows={3}
            required
            minLength={WORDS_MIN}
            maxLength={WORDS_MAX}
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
          <p>
            <button>{t(account.appealSend)}</button>
          </p>
        </form>
      )}
    </section>
  );
}
