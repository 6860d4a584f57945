// A page that was sent, fetched with the token that an <img> can't send.
import { useEffect, useState } from "preact/hooks";
import { send } from "../lib/api";
import { t } from "../lib/language";
import { receipts } from "../words/receipts";

export function Picture({ receipt, page }: { receipt: string; page: number }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const given = new AbortController();
    let made = "";
    const fetched = async () => {
      const path = `/v1/receipts/${receipt}/image?page=${page}`;
      const response = await send(new Request(path, { signal: given.signal }));
      if (!response.ok) return;
      made = URL.createObjectURL(await response.blob());
      setAddress(made);
    };
    // Without a network there is no picture; the rest of the page says so.
    fetched().catch(() => undefined);
    return () => {
      given.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [receipt, page]);
  if (!address) return null;
  return <img class="receipt" src={address} alt={t(receipts.pictureOf, { n: page + 1 })} />;
}
