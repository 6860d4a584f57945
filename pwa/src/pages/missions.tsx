// Missions that can be done now with how far one is, and those that were done.
import { answer, api, useAnswer, type Schemas } from "../lib/api";
import { moment, money, t, type Words } from "../lib/language";
import { Answer } from "../parts/answer";
import { Page } from "../parts/page";
import { Progress } from "../parts/progress";
import { club } from "../words/club";

type Mission = Schemas["MissionView"];

const GOALS: Words = club;

export default function Missions() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/missions")));
  return (
    <Page title={t(club.missions)}>
      <Answer of={asked}>
        {({ missions }) =>
          missions.length === 0 ? (
            <p class="none">{t(club.noMissions)}</p>
          ) : (
            <ul>
              {missions.map((mission) => (
                <One key={`${mission.brand} ${mission.slug}`} of={mission} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Page>
  );
}

function One({ of: mission }: { of: Mission }) {
  return (
    <li class="card">
      <h2>{mission.name}</h2>
      <p>{t(club.brings, { n: mission.points, brand: mission.brand })}</p>
      <Progress done={mission.progress} of={mission.amount} words={howFar(mission)} />
      <p class="small">
        {mission.done_at
          ? t(club.done, { at: moment(mission.done_at) })
          : t(club.until, { at: moment(mission.ends_at) })}
      </p>
    </li>
  );
}

function howFar({ goal, progress, amount }: Mission): string {
  const words = GOALS[goal] ?? club.otherGoal;
  // Đồng have nothing below them.
  if (goal === "spend_minor") return t(words, { done: money(progress, "VND"), amount: money(amount, "VND") });
  return t(words, { done: progress, amount });
}
