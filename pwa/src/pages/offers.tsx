// What can be earned now or soon, how far one is, and what is missing.
import { answer, api, useAnswer, type Schemas } from "../lib/api";
import { day, t } from "../lib/language";
import { Answer } from "../parts/answer";
import { Page } from "../parts/page";
import { Progress } from "../parts/progress";
import { offers } from "../words/offers";

export default function Offers() {
  const asked = useAnswer(() => answer(api.GET("/v1/me/offers")));
  return (
    <Page title={t(offers.title)}>
      <Answer of={asked}>
        {({ offers: found }) =>
          found.length === 0 ? (
            <p class="none">{t(offers.none)}</p>
          ) : (
            <ul>
              {found.map((offer) => (
                <Offer key={offer.campaign} of={offer} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Page>
  );
}

function Offer({ of: offer }: { of: Schemas["OfferView"] }) {
  return (
    <li class="card">
      <h2>{offer.name}</h2>
      <p class="small">
        {offer.brands.join(", ")}
        {offer.brands.length > 0 && ". "}
        {t(offers.lasts, { from: day(offer.starts_on), to: day(offer.ends_on) })}
      </p>
      {offer.rules.map((rule, index) => (
        <div key={index}>
          {rule.gives.map((gives) => (
            <p key={gives}>{gives}</p>
          ))}
          <Missing of={rule.not_yet} />
        </div>
      ))}
      {offer.stamps.map(({ card, have, full }) => (
        <Progress key={card} done={have} of={full} words={t(offers.stamps, { have, full })} />
      ))}
      <Missing of={offer.not_yet} />
    </li>
  );
}

function Missing({ of: reasons }: { of: Schemas["WhyView"][] }) {
  if (reasons.length === 0) return null;
  return (
    <ul class="small" aria-label={t(offers.notYet)}>
      {reasons.map((why, index) => (
        <li key={index}>{why.message}</li>
      ))}
    </ul>
  );
}
