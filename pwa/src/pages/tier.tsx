// Where one stands, and how far the next tier is.
import { answer, api, useAnswer, type Schemas } from "../lib/api";
import { day, t } from "../lib/language";
import { Answer } from "../parts/answer";
import { Page } from "../parts/page";
import { Progress } from "../parts/progress";
import { club } from "../words/club";

export default function Tier() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/tier")));
  return (
    <Page title={t(club.tier)}>
      <Answer of={asked}>{(tier) => <Standing of={tier} />}</Answer>
    </Page>
  );
}

function Standing({ of: tier }: { of: Schemas["TierView"] }) {
  const { earned, next } = tier;
  return (
    <div class="card">
      {tier.name === null ? <p>{t(club.noTier)}</p> : <p class="big">{tier.name}</p>}
      <p>{t(club.earned, { n: earned })}</p>
      {next && (
        <Progress
          done={earned}
          of={earned + next.points_missing}
          words={t(club.next, { n: next.points_missing, tier: next.name })}
        />
      )}
      {next === null && tier.tier !== null && <p>{t(club.top)}</p>}
      {tier.drops_on && <p class="notice">{t(club.drops, { day: day(tier.drops_on) })}</p>}
    </div>
  );
}
