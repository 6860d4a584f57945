// A shopper's app in small: sends a receipt, looks at it, and meets a refusal; all by generated types.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

const [address, token, photo] = process.argv.slice(2) as [string, string, string];
const api = createClient<paths>({
  baseUrl: address,
  headers: { Authorization: `Bearer ${token}`, "Accept-Language": "en" },
});
type Upload = components["schemas"]["Body_upload_receipt"];

function form(body: Upload): FormData {
  const parts = new FormData();
  body.image.forEach((page, number) => parts.append("image", page, `page-${number}.jpg`));
  if (body.captured_at) parts.append("captured_at", body.captured_at);
  return parts;
}

const send = (image: Blob[]) =>
  api.POST("/v1/receipts", {
    params: { header: { "idempotency-key": image[0]?.size.toString() ?? "none" } },
    body: { image, captured_at: "2026-11-08T13:27:00+07:00" },
    bodySerializer: form,
  });

const bytes = Uint8Array.from(atob(photo), (sign) => sign.charCodeAt(0));
const sent = await send([new Blob([bytes], { type: "image/jpeg" })]);
if (!sent.data) throw new Error(sent.error.code);
const seen = await api.GET("/v1/receipts/{receipt_id}", { params: { path: { receipt_id: sent.data.id } } });
if (!seen.data) throw new Error(seen.error.code);
const refused = await send([new Blob(["%PDF-1.7"], { type: "application/pdf" })]);
if (!refused.error) throw new Error("a PDF was taken");
const invalid = await api.GET("/v1/receipts", { params: { query: { limit: 0 } } });
console.log(
  JSON.stringify({
    location: sent.response.headers.get("location"),
    id: sent.data.id,
    status: seen.data.status,
    pages: seen.data.pages,
    refused: [refused.response.status, refused.error.code, refused.error.detail],
    faults: invalid.error?.errors?.map((fault) => [fault.field, fault.message]),
  }),
);
