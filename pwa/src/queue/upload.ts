// One receipt's way to the API.
import { answer, api, type Schemas } from "../lib/api";
import { uploadInParts } from "./in-parts";
import { takenAt } from "./taken";
import type { Waiting } from "./store";

const ENDINGS: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

// In parts what is large, or failed before; under the same key, so that it counts once whichever way came through.
const WHOLE_BYTES_MAX = 2_000_000;

export function upload(item: Waiting): Promise<{ id: string }> {
  const size = item.pages.reduce((sum, page) => sum + page.size, 0);
  return item.tries > 0 || size > WHOLE_BYTES_MAX ? uploadInParts(item) : uploadAtOnce(item);
}

function uploadAtOnce(item: Waiting): Promise<Schemas["ReceiptAccepted"]> {
  return answer(
    api.POST("/v1/receipts", {
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
