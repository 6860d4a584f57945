import type { Waiting } from "./store";

// When the pictures were taken, as both ways to the API say it: the same words, since one key stands for both.
export function takenAt(item: Waiting): string | undefined {
  return item.takenAt === null ? undefined : new Date(item.takenAt).toISOString();
}
