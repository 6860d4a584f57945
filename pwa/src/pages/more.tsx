// Where everything else is, the language, and the way out.
import { useState } from "preact/hooks";
import { answer, api } from "../lib/api";
import { t } from "../lib/language";
import { link } from "../lib/links";
import { forget } from "../lib/session";
import { Fault } from "../parts/answer";
import { Badge } from "../parts/badge";
import { LanguageChoice } from "../parts/language-choice";
import { Page } from "../parts/page";
import { pending } from "../queue/sending";
import { routes } from "../routes";
import { inbox } from "../words/inbox";
import { more } from "../words/more";
import { shell } from "../words/shell";

export default function More() {
  const [fault, setFault] = useState<unknown>();
  const signOut = () => {
    if (pending.value > 0 && !confirm(t(more.signOutSure, { n: pending.value }))) return;
    answer(api.POST("/v1/auth/sign-out")).then(() => forget(), setFault);
  };
  return (
    <Page title={t(shell.menu)}>
      <ul class="rows">
        {routes.map(
          ({ path, menu, waits }) =>
            menu && (
              <li key={path} class="row">
                <a href={link(path)}>{t(menu)}</a>
                {waits && <Badge of={waits()} words={inbox.unread} />}
              </li>
            ),
        )}
      </ul>
      <h2>{t(shell.language)}</h2>
      <LanguageChoice />
      {fault !== undefined && <Fault of={fault} />}
      <p>
        <button type="button" onClick={signOut}>
          {t(shell.signOut)}
        </button>
      </p>
    </Page>
  );
}
