// What a silent account asks on a phone that it does not know.
import { useState } from "preact/hooks";
import { answer, api } from "../lib/api";
import { t } from "../lib/language";
import { secondFactNeeded, take } from "../lib/session";
import { Fault } from "../parts/answer";
import { Page } from "../parts/page";
import { signIn } from "../words/sign-in";

export default function SecondFact() {
  const [chain, setChain] = useState("");
  const [fault, setFault] = useState<unknown>();
  const attempt = (work: () => Promise<void>) => (event: Event) => {
    event.preventDefault();
    setFault(undefined);
    work().catch(setFault);
  };
  const confirm = attempt(async () => {
    await answer(api.POST("/v1/auth/second-fact", { body: { retailer: slug(chain) } }));
    secondFactNeeded.value = false;
  });
  const startOver = attempt(async () => {
    take(await answer(api.POST("/v1/auth/start-over", { body: { cookie: true } })));
  });
  return (
    <Page title={t(signIn.secondTitle)}>
      <p>{t(signIn.secondWhy)}</p>
      {fault !== undefined && <Fault of={fault} />}
      <form onSubmit={confirm}>
        <label for="chain">{t(signIn.chain)}</label>
        <input
          id="chain"
          required
          maxLength={100}
          value={chain}
          onInput={(event) => setChain(event.currentTarget.value)}
        />
        <button class="main">{t(signIn.confirm)}</button>
      </form>
      <p class="small">{t(signIn.notMineWhy)}</p>
      <button type="button" onClick={startOver}>
        {t(signIn.notMine)}
      </button>
    </Page>
  );
}

// "Bách Hóa Xanh" as the API names chains: bach-hoa-xanh. A plus is a word there, dots are not.
function slug(name: string): string {
  return name
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f.!']/g, "")
    .replace(/đ/g, "d")
    .replace(/\+/g, " plus")
    .trim()
    .replace(/[^a-z0-9]+/g, "-");
}
