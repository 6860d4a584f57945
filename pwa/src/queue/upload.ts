// One receipt's way to the API.
import { answer, api, type Schemas } from "../lib/api";
import { endUpload, uploadInParts } from "./in-parts";
import { takenAt } from "./taken";
import type { Waiting } from "./store";

const ENDINGS: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

// In parts what is large, or failed before; under the same key, so that it counts once whichever way came through.
const WHOLE_BYTES_MAX = 2_000_000;

// How far the way is, where it is in parts, and how to break it off.
export interface Way {
  arrived: (share: number) => void;
  given: AbortSignal;
}

export function upload(item: Waiting, way: Way): Promise<{ id: string }> {
  return goesInParts(item) ? uploadInParts(item, way) : uploadAtOnce(item, way.given);
}

// Nobody waits for it: what is not taken back here ends by itself within a day.
export async function takeBack(item: Waiting): Promise<void> {
  if (goesInParts(item)) await endUpload(item).catch(() => undefined);
}

function goesInParts(item: Waiting): boolean {
  return item.tries > 0 || item.pages.reduce((sum, page) => sum + page.size, 0) > WHOLE_BYTES_MAX;
}

function uploadAtOnce(item: Waiting, signal: AbortSignal): Promise<Schemas["ReceiptAccepted"]> {
  return answer(
    api.POST("/v1/receipts", {
      signal,
      params: { header: { "idempotency-key": item.id } },
      body: { image: item.pages, captured_at: takenAt(item) },
      bodySerializer: (body) => {
        const form = new FormData();
        body.image.forEach((page, number) => form.append("image", page, nameOf(page, number)));
        if (body.captured_at) form.append("captured_at", body.captured_at);
        return form;
      },
    }),
  );
}

function nameOf(page: Blob, number: number): string {
  return `page-${number + 1}.${ENDINGS[page.type] ?? "img"}`;
}
