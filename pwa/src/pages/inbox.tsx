// What the shopper was told, newest first. What was shown here is read.
import { useEffect } from "preact/hooks";
import { answer, api, useList, type Schemas } from "../lib/api";
import { moment, t } from "../lib/language";
import { link } from "../lib/links";
import { unread } from "../lib/unread";
import { Rows } from "../parts/answer";
import { Page } from "../parts/page";
import { inbox } from "../words/inbox";

type Message = Schemas["MessageView"];

export default function Inbox() {
  const messages = useList(async (cursor) => {
    const found = await answer(api.GET("/v1/me/inbox", { params: { query: { cursor, limit: 20 } } }));
    unread.value = found.unread;
    return { rows: found.messages, next: found.next_cursor };
  });
  const rows = messages.data?.rows;
  useEffect(() => {
    if (rows) void markRead(rows);
  }, [rows]);
  return (
    <Page title={t(inbox.title)}>
      <Rows of={messages} none={t(inbox.none)}>
        {(message) => <One key={message.id} of={message} />}
      </Rows>
    </Page>
  );
}

function One({ of: message }: { of: Message }) {
  return (
    <li class="row">
      <span class="what">
        <strong>
          {message.title} {message.read_at === null && <span class="status">{t(inbox.fresh)}</span>}
        </strong>
        <span>{message.body}</span>
        <span class="small">{moment(message.told_at)}</span>
        {message.receipt_id && <a href={link(`/receipts/${message.receipt_id}`)}>{t(inbox.toReceipt)}</a>}
      </span>
    </li>
  );
}

// Those that are new stay marked so on this page; the next time they are not.
async function markRead(rows: Message[]): Promise<void> {
  const ids = rows.filter((row) => row.read_at === null).map((row) => row.id);
  // What is not marked now is marked the next time.
  for (let start = 0; start < ids.length; start += 100) {
    const body = { ids: ids.slice(start, start + 100) };
    const left = await answer(api.POST("/v1/me/inbox/read", { body })).catch(() => null);
    if (left) unread.value = left.unread;
  }
}
