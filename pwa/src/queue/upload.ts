// One receipt's way to the API.
import { answer, api, type Schemas } from "../lib/api";
import type { Waiting } from "./store";

const ENDINGS: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

export function upload(item: Waiting): Promise<Schemas["ReceiptAccepted"]> {
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

function takenAt(item: Waiting): string | undefined {
  return item.takenAt === null ? undefined : new Date(item.takenAt).toISOString();
}

function nameOf(page: Blob, number: number): string {
  return `page-${number + 1}.${ENDINGS[page.type] ?? "img"}`;
}
