// Server-sent events by fetch: a browser's EventSource can't send a token.
import { send } from "./api";
import { refusal } from "./faults";

export interface Told {
  event: string;
  data: string;
  id: string;
}

// Each event as it comes, until the stream ends or is given up.
export async function* listen(path: string, lastId: string, given: AbortSignal): AsyncGenerator<Told> {
  const headers: HeadersInit = { Accept: "text/event-stream" };
  if (lastId) headers["Last-Event-ID"] = lastId;
  const response = await send(new Request(path, { headers, signal: given }));
  if (!response.ok || !response.body) throw await refusal(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (left + value).split("\n\n");
    left = blocks.pop() ?? "";
    for (const block of blocks) {
      const told = parsed(block);
      if (told) yield told;
    }
  }
}

// A block of lines; null where it only shows that the stream lives.
export function parsed(block: string): Told | null {
  const told: Told = { event: "message", data: "", id: "" };
  let said = false;
  for (const line of block.split("\n")) {
    const [, name, value] = /^(event|data|id): ?(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    said = true;
    if (name === "data") told.data += value;
    else told[name as "event" | "id"] = value;
  }
  return said ? told : null;
}
