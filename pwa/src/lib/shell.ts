// The service worker as the page sees it: a new build is offered, and taken when somebody says so.
import { signal } from "@preact/signals";

const SHELL = "/app/sw.js";
const RELOADED = "quetbill.reloaded";

// The build that waits, if one does.
export const waiting = signal<ServiceWorker | null>(null);

export function keepShell(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  // The first worker takes over a page that is of its own build; later ones bring another.
  let hadOne = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hadOne) location.reload();
    hadOne = true;
  });
  addEventListener("load", () => {
    void navigator.serviceWorker.register(SHELL, { scope: "/app/", updateViaCache: "none" }).then(watch);
  });
}

function watch(registration: ServiceWorkerRegistration): void {
  const look = () => {
    waiting.value = navigator.serviceWorker.controller ? registration.waiting : null;
  };
  look();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", look);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
  });
}

// A page whose files are gone, since a newer build is served and no worker kept this one: once, not in a circle.
addEventListener("vite:preloadError", () => {
  if (sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
});

export function takeOver(): void {
  waiting.value?.postMessage("take-over");
}
