// Every page: where it is, and whether the page "More" leads to it. A page is a file of its own, loaded when opened.
import { lazy } from "preact-iso";
import type { AnyComponent } from "preact";
import type { Phrase } from "./lib/language";
import Home from "./pages/home";
import { consents } from "./words/consents";
import { queue } from "./words/queue";
import { shell } from "./words/shell";

interface Route {
  path: string;
  page: AnyComponent<any>;
  // Its name in the list on the page "More".
  menu?: Phrase;
}

export const routes: Route[] = [
  { path: "/", page: Home },
  { path: "/capture", page: lazy(() => import("./pages/capture")) },
  { path: "/queue", page: lazy(() => import("./pages/queue")), menu: queue.title },
  { path: "/receipts", page: lazy(() => import("./pages/receipts")) },
  { path: "/receipts/:id", page: lazy(() => import("./pages/receipt")) },
  { path: "/wallet", page: lazy(() => import("./pages/wallet")) },
  { path: "/consents", page: lazy(() => import("./pages/consents")), menu: consents.title },
  { path: "/more", page: lazy(() => import("./pages/more")) },
];

// What stands at the foot of every page.
export const tabs = [
  { path: "/", name: shell.home, icon: "home" },
  { path: "/receipts", name: shell.receipts, icon: "receipt" },
  { path: "/capture", name: shell.capture, icon: "camera" },
  { path: "/wallet", name: shell.wallet, icon: "wallet" },
  { path: "/more", name: shell.menu, icon: "menu" },
] as const;
