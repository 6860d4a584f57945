// The API, by types that are made of its description.
import { useEffect, useState } from "preact/hooks";
import createClient from "openapi-fetch";
import { Refused, Unreachable, asRefusal } from "./faults";
import { language } from "./language";
import type { components, paths } from "./schema";
import { accessToken, headersOfOurs, secondFactNeeded } from "./session";

export type Schemas = components["schemas"];

// Send a request as whoever is signed in; once more with a new token where the first was not taken.
export async function send(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(headersOfOurs())) request.headers.set(name, value);
  const again = request.clone();
  const token = await accessToken();
  const first = await sendWith(request, token);
  return first.status === 401 ? sendWith(again, await accessToken(token)) : first;
}

async function sendWith(request: Request, token: string): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${token}`);
  return unsigned(request);
}

async function unsigned(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(String(error));
  }
}

export const api = createClient<paths>({ fetch: send });

// Signing in: nobody is there yet to send as.
export const door = createClient<paths>({
  fetch: (request) => {
    for (const [name, value] of Object.entries(headersOfOurs())) request.headers.set(name, value);
    return unsigned(request);
  },
});

type Told<T> = { data?: T; error?: unknown; response: Response };

// What a call answers; a refusal is thrown, as what it is.
export async function answer<T>(call: Promise<Told<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const fault = asRefusal(error, response);
  if (fault instanceof Refused && fault.problem.code === "second_fact_needed") secondFactNeeded.value = true;
  throw fault;
}

export interface Asked<T> {
  data: T | undefined;
  fault: unknown;
  again: () => void;
  // Put in place what is known by other means.
  set: (data: T) => void;
}

// Ask when the page opens, when what it hangs on changes, and when it is looked at in another language.
export function useAnswer<T>(ask: () => Promise<T>, hangsOn: unknown[] = []): Asked<T> {
  const [state, setState] = useState<{ data?: T; fault?: unknown }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let wanted = true;
    ask().then(
      (data) => wanted && setState({ data }),
      (fault: unknown) => wanted && setState((before) => ({ ...before, fault })),
    );
    return () => {
      wanted = false;
    };
  }, [turn, language.value, ...hangsOn]);
  return {
    data: state.data,
    fault: state.fault,
    again: () => setTurn((number) => number + 1),
    set: (data) => setState({ data }),
  };
}

interface PageOf<T> {
  rows: T[];
  next: string | null;
}

export interface List<T> extends Asked<PageOf<T>> {
  more: () => Promise<void>;
}

// A list that the API cuts into pages: `ask` fetches one, from a cursor on.
export function useList<T>(ask: (cursor?: string) => Promise<PageOf<T>>, hangsOn: unknown[] = []): List<T> {
  const asked = useAnswer(() => ask(), hangsOn);
  const more = async () => {
    if (!asked.data?.next) return;
    const page = await ask(asked.data.next);
    asked.set({ rows: [...asked.data.rows, ...page.rows], next: page.next });
  };
  return { ...asked, more };
}
