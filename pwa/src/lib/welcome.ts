// Whoever joins is asked what they agree to before anything else, once.
import { signal } from "@preact/signals";
import { answer, api } from "./api";

const DUE = "quetbill.welcome";

export const welcomeDue = signal(localStorage.getItem(DUE) !== null);

export function setWelcome(due: boolean): void {
  if (due) localStorage.setItem(DUE, "due");
  else localStorage.removeItem(DUE);
  welcomeDue.value = due;
}

// Ask where nothing was said about taking part yet.
export async function lookWhetherWelcomeIsDue(): Promise<void> {
  const { consents } = await answer(api.GET("/v1/me/consents"));
  const programme = consents.find((one) => one.purpose === "programme" && one.brand === null);
  setWelcome(programme?.said_at === null);
}
