// Keeps the shell, so that the app opens without a network. What the API answers is never kept.
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  addEventListener(kind: "install" | "activate", told: (event: Extendable) => void): void;
  addEventListener(kind: "fetch", told: (event: Fetching) => void): void;
  addEventListener(kind: "message", told: (event: MessageEvent<unknown>) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
}

const worker = self as unknown as Worker;
// Every file of this build, and what tells it from others: the build puts both here.
const SHELL = "__SHELL__" as unknown as string[];
const PREFIX = "quetbill-shell-";
const KEPT = `${PREFIX}__VERSION__`;

worker.addEventListener("install", (event) => {
  // Past the browser's own cache: a page that it still keeps may be of the build before.
  const shell = SHELL.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(shell)));
});

worker.addEventListener("activate", (event) => {
  const clear = async () => {
    const names = await caches.keys();
    await Promise.all(
      names.filter((name) => name.startsWith(PREFIX) && name !== KEPT).map((name) => caches.delete(name)),
    );
    await worker.clients.claim();
  };
  event.waitUntil(clear());
});

// A new build waits until the page says so: it asks first, and never while pictures are being sent.
worker.addEventListener("message", (event) => {
  if (event.data === "take-over") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin || !pathname.startsWith("/app/")) return;
  const path = request.mode === "navigate" ? "/app/" : pathname;
  event.respondWith(
    caches
      .open(KEPT)
      .then((kept) => kept.match(path))
      .then((found) => found ?? fetch(request)),
  );
});
