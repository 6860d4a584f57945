import { ErrorBoundary, LocationProvider, Route, Router, lazy, useLocation } from "preact-iso";
import { t } from "./lib/language";
import { BASE, link } from "./lib/links";
import { online } from "./lib/network";
import { secondFactNeeded, who } from "./lib/session";
import { takeOver, waiting } from "./lib/shell";
import { unread } from "./lib/unread";
import { welcomeDue } from "./lib/welcome";
import { SignIn } from "./pages/sign-in";
import { Badge } from "./parts/badge";
import { Icon } from "./parts/icon";
import { Page } from "./parts/page";
import { routes, tabs } from "./routes";
import { pending } from "./queue/sending";
import { inbox } from "./words/inbox";
import { shell } from "./words/shell";

const SecondFact = lazy(() => import("./pages/second-fact"));
const Welcome = lazy(() => import("./pages/welcome"));

export function App() {
  return (
    <LocationProvider scope={BASE}>
      <ErrorBoundary>
        <a class="skip" href="#main">
          {t(shell.skip)}
        </a>
        <Notices />
        <Inside />
      </ErrorBoundary>
    </LocationProvider>
  );
}

// What stands between a visitor and the pages, one thing after the other.
function Inside() {
  if (who.value === null) return <SignIn />;
  if (secondFactNeeded.value) return <SecondFact />;
  if (welcomeDue.value) return <Welcome />;
  return (
    <>
      <Router>
        {routes.map(({ path, page }) => (
          <Route key={path} path={link(path)} component={page} />
        ))}
        <Route default component={NotFound} />
      </Router>
      <Tabs />
    </>
  );
}

function Notices() {
  return (
    <div class="notices" role="status">
      {!online.value && <p class="notice">{t(shell.offline)}</p>}
      {waiting.value && pending.value === 0 && (
        <p class="notice">
          {t(shell.newBuild)}{" "}
          <button type="button" onClick={takeOver}>
            {t(shell.takeOver)}
          </button>
        </p>
      )}
    </div>
  );
}

function Tabs() {
  const { path: here } = useLocation();
  return (
    <nav class="tabs" aria-label={t(shell.pages)}>
      {tabs.map(({ path, name, icon }) => {
        const isHere = path === "/" ? here === BASE : here.startsWith(link(path));
        return (
          <a key={path} href={link(path)} class={icon} aria-current={isHere ? "page" : undefined}>
            <Icon name={icon} />
            <span>{t(name)}</span>
            {path === "/more" && <Badge of={unread.value} words={inbox.unread} />}
          </a>
        );
      })}
    </nav>
  );
}

function NotFound() {
  return (
    <Page title={t(shell.notFound)}>
      <p>
        <a href={link("/")}>{t(shell.toHome)}</a>
      </p>
    </Page>
  );
}
