// Who is signed in here. The refresh token is in a cookie that scripts can't read; the access token in memory alone.
import { signal } from "@preact/signals";
import { Refused, Unreachable, refusal } from "./faults";
import { language } from "./language";
import type { components } from "./schema";

type Tokens = components["schemas"]["Tokens"];

const WHO = "quetbill.who";
const DEVICE = "quetbill.device";
// Asked for anew a little before it ends, since clocks and networks are slow.
const EARLY_MS = 30_000;

// The shopper's id, kept so that the app opens without a network; null where nobody is signed in.
export const who = signal<string | null>(localStorage.getItem(WHO));
export const secondFactNeeded = signal(false);
// Why the session ended by itself, in the API's words.
export const endedBecause = signal("");

let access = { token: "", until: 0 };
let asking: Promise<string> | null = null;

// Names this installation: whoever sends it when signing in sends it with each refresh.
function device(): string {
  const kept = localStorage.getItem(DEVICE);
  if (kept) return kept;
  const made = crypto.randomUUID();
  localStorage.setItem(DEVICE, made);
  return made;
}

export function headersOfOurs(): Record<string, string> {
  return { "Accept-Language": language.value, "X-Device-Id": device(), "X-App-Version": APP_VERSION };
}

export function take(tokens: Tokens): void {
  access = { token: tokens.access_token, until: Date.now() + tokens.expires_in_seconds * 1000 - EARLY_MS };
  const subject = subjectOf(tokens.access_token);
  localStorage.setItem(WHO, subject);
  secondFactNeeded.value = tokens.second_fact_needed;
  endedBecause.value = "";
  who.value = subject;
}

// Whose token it is: what waits on this phone is sent for nobody else.
function subjectOf(token: string): string {
  const claims = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
  return String((JSON.parse(atob(claims)) as { sub: unknown }).sub);
}

export function forget(why = ""): void {
  access = { token: "", until: 0 };
  localStorage.removeItem(WHO);
  secondFactNeeded.value = false;
  endedBecause.value = why;
  who.value = null;
}

// A token that is good now. `refused` is one that the API did not take.
export function accessToken(refused = ""): Promise<string> {
  if (access.token && access.token !== refused && Date.now() < access.until) {
    return Promise.resolve(access.token);
  }
  asking ??= alone(refresh).finally(() => {
    asking = null;
  });
  return asking;
}

// One tab at a time: the cookie is everybody's.
async function alone(work: () => Promise<string>): Promise<string> {
  return await (navigator.locks ? navigator.locks.request("quetbill.refresh", work) : work());
}

async function refresh(): Promise<string> {
  // Another tab may have signed out meanwhile.
  if (localStorage.getItem(WHO) === null) throw ended("");
  const response = await fetch("/v1/auth/refresh", {
    method: "POST",
    headers: { ...headersOfOurs(), "Content-Type": "application/json" },
    body: "{}",
  }).catch(() => {
    throw new Unreachable("refresh");
  });
  if (response.ok) {
    take((await response.json()) as Tokens);
    return access.token;
  }
  const fault = await refusal(response);
  if (response.status === 401 && fault instanceof Refused) throw ended(fault.problem.detail);
  throw fault;
}

function ended(why: string): Unreachable {
  forget(why);
  return new Unreachable("signed out");
}

// What another tab did.
addEventListener("storage", ({ key, newValue }) => {
  if (key === WHO && newValue !== who.value) {
    access = { token: "", until: 0 };
    who.value = newValue;
  }
});
