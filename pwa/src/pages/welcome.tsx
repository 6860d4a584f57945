// What who joins is asked once, before anything else.
import { answer, api, useAnswer } from "../lib/api";
import { t } from "../lib/language";
import { setWelcome } from "../lib/welcome";
import { Answer } from "../parts/answer";
import { Choices } from "../parts/choices";
import { Page } from "../parts/page";
import { consents } from "../words/consents";

export default function Welcome() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/consents")));
  return (
    <Page title={t(consents.welcome)}>
      <p>{t(consents.lead)}</p>
      <Answer of={asked}>
        {({ consents }) => <Choices of={consents} saved={() => setWelcome(false)} />}
      </Answer>
    </Page>
  );
}
