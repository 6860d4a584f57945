// Whoever signs in is asked what they agree to before anything else, where nothing was said yet.
import { signal } from "@preact/signals";

const DUE = "quetbill.welcome";

export const welcomeDue = signal(localStorage.getItem(DUE) !== null);

export function setWelcome(due: boolean): void {
  if (due) localStorage.setItem(DUE, "due");
  else localStorage.removeItem(DUE);
  welcomeDue.value = due;
}
