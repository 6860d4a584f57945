// Every page: where it is, and whether the page "More" leads to it. A page is a file of its own, loaded when opened.
import { lazy } from "preact-iso";
import type { AnyComponent } from "preact";
import type { Phrase } from "./lib/language";
import { unread } from "./lib/unread";
import Home from "./pages/home";
import { account } from "./words/account";
import { club } from "./words/club";
import { consents } from "./words/consents";
import { inbox } from "./words/inbox";
import { offers } from "./words/offers";
import { queue } from "./words/queue";
import { rewards } from "./words/rewards";
import { shell } from "./words/shell";

interface Route {
  path: string;
  page: AnyComponent<any>;
  // Its name in the list on the page "More".
  menu?: Phrase;
  // How many things of it wait to be looked at.
  waits?: () => number;
}

export const routes: Route[] = [
  { path: "/", page: Home },
  { path: "/capture", page: lazy(() => import("./pages/capture")) },
  {
    path: "/inbox",
    page: lazy(() => import("./pages/inbox")),
    menu: inbox.title,
    waits: () => unread.value,
  },
  { path: "/offers", page: lazy(() => import("./pages/offers")), menu: offers.title },
  { path: "/rewards", page: lazy(() => import("./pages/rewards")), menu: rewards.title },
  { path: "/vouchers", page: lazy(() => import("./pages/vouchers")), menu: rewards.vouchers },
  { path: "/tier", page: lazy(() => import("./pages/tier")), menu: club.tier },
  { path: "/missions", page: lazy(() => import("./pages/missions")), menu: club.missions },
  { path: "/friends", page: lazy(() => import("./pages/friends")), menu: club.friends },
  { path: "/queue", page: lazy(() => import("./pages/queue")), menu: queue.title },
  { path: "/receipts", page: lazy(() => import("./pages/receipts")) },
  { path: "/receipts/:id", page: lazy(() => import("./pages/receipt")) },
  { path: "/wallet", page: lazy(() => import("./pages/wallet")) },
  { path: "/consents", page: lazy(() => import("./pages/consents")), menu: consents.title },
  { path: "/devices", page: lazy(() => import("./pages/devices")), menu: account.devices },
  { path: "/my-data", page: lazy(() => import("./pages/my-data")), menu: account.data },
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
