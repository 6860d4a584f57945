// What a refusal comes to that asks for a new sign-in: a way to it, which leads back to this page.
import { answer, api } from "../lib/api";
import { Refused } from "../lib/faults";
import { t } from "../lib/language";
import { forget } from "../lib/session";
import { account } from "../words/account";
import { Fault } from "./answer";

export function FaultOrSignIn({ of: fault }: { of: unknown }) {
  const stale = fault instanceof Refused && fault.problem.code === "fresh_sign_in_needed";
  // Whether or not the old session could be ended: the sign-in is what counts.
  const signIn = () =>
    void answer(api.POST("/v1/auth/sign-out"))
      .catch(() => undefined)
      .then(() => forget(t(account.signInWhy)));
  return (
    <>
      <Fault of={fault} />
      {stale && (
        <button type="button" onClick={signIn}>
          {t(account.signInFirst)}
        </button>
      )}
    </>
  );
}
