// What a call may come to besides its answer.
import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

// The API refused: `detail` has the words for people, in their language.
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(problem.code);
  }
}

// Nothing answered: no network, or a proxy that knows nothing of ours.
export class Unreachable extends Error {}

export async function refusal(response: Response): Promise<Refused | Unreachable> {
  const told: unknown = await response.json().catch(() => null);
  return asRefusal(told, response);
}

export function asRefusal(told: unknown, response: Response): Refused | Unreachable {
  if (told === null || typeof told !== "object" || !("code" in told)) {
    return new Unreachable(`status ${response.status}`);
  }
  const seconds = Number(response.headers.get("Retry-After"));
  return new Refused(told as Problem, seconds > 0 ? seconds : null);
}
