// How many messages wait to be read: asked for when the app comes to the front, and told by whoever reads some.
import { effect, signal } from "@preact/signals";
import { answer, api } from "./api";
import { who } from "./session";

export const unread = signal(0);

export function countUnread(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") look();
  });
  effect(() => {
    unread.value = 0;
    if (who.value !== null) look();
  });
}

function look(): void {
  if (who.peek() === null) return;
  const query = { limit: 1 };
  // Without an answer the number stays as it is: nobody waits for it.
  answer(api.GET("/v1/me/inbox", { params: { query } })).then(
    (inbox) => {
      unread.value = inbox.unread;
    },
    () => undefined,
  );
}
