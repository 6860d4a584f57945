import { signal } from "@preact/signals";

// What the browser says; a network that leads nowhere is noticed by who sends.
export const online = signal(navigator.onLine);

addEventListener("online", () => {
  online.value = true;
});
addEventListener("offline", () => {
  online.value = false;
});
