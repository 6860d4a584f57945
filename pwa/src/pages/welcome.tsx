// What who joins is asked once, before anything else.
import { useEffect } from "preact/hooks";
import { answer, api, useAnswer } from "../lib/api";
import { t } from "../lib/language";
import { setWelcome } from "../lib/welcome";
import { Answer } from "../parts/answer";
import { Choices } from "../parts/choices";
import { Page } from "../parts/page";
import { consents as told } from "../words/consents";

export default function Welcome() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/consents")));
  const programme = asked.data?.consents.find(({ purpose, brand }) => purpose === "programme" && brand === null);
  const answered = programme !== undefined && programme.said_at !== null;
  useEffect(() => {
    if (answered) setWelcome(false);
  }, [answered]);
  return (
    <Page title={t(told.welcome)}>
      <p>{t(told.lead)}</p>
      <Answer of={asked}>{({ consents }) => <Choices of={consents} saved={asked.set} />}</Answer>
    </Page>
  );
}
