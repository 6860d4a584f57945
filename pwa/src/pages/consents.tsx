// What a shopper agrees to, to look at and to change.
import { answer, api, useAnswer } from "../lib/api";
import { t } from "../lib/language";
import { Answer } from "../parts/answer";
import { Choices } from "../parts/choices";
import { Page } from "../parts/page";
import { consents } from "../words/consents";

export default function Consents() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/consents")));
  return (
    <Page title={t(consents.title)}>
      <p>{t(consents.lead)}</p>
      <Answer of={asked}>{({ consents }) => <Choices of={consents} saved={asked.set} />}</Answer>
    </Page>
  );
}
