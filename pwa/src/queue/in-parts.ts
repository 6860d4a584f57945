// One receipt's way to the API in parts, by tus: what has arrived is not sent again, also after days and another tab.
import { send } from "../lib/api";
import { Refused, refusal } from "../lib/faults";
import { takenAt } from "./taken";
import type { Waiting } from "./store";
import type { Way } from "./upload";

const PATH = "/v1/uploads";
const TUS = { "Tus-Resumable": "1.0.0" };
// What a bad line carries within seconds; what is cut off of it is kept by the API as far as it came.
const PART_BYTES = 512_000;
// The API knows nothing of the upload any more, or takes no more parts of it: it is begun again, with the same key.
const OVER = new Set(["not_found", "too_many_parts"]);

interface Standing {
  path: string;
  offset: number;
  receipt: string | null;
}

export async function uploadInParts(item: Waiting, way: Way): Promise<{ id: string }> {
  const whole = new Blob(item.pages);
  try {
    return await goOn(whole, await begin(item, whole.size, way.given), way);
  } catch (fault) {
    if (!(fault instanceof Refused && OVER.has(fault.problem.code))) throw fault;
    return await goOn(whole, await beginAgain(item, whole.size, way.given), way);
  }
}

// What has arrived is removed there too; a receipt that it became stays.
export async function endUpload(item: Waiting): Promise<void> {
  const { path } = await begin(item, new Blob(item.pages).size);
  await ask("DELETE", path, {});
}

async function goOn(whole: Blob, begun: Standing, { arrived, given }: Way): Promise<{ id: string }> {
  let { path, offset, receipt } = begun;
  while (receipt === null) {
    arrived(offset / whole.size);
    const part = whole.slice(offset, offset + PART_BYTES);
    ({ offset, receipt } = standing(await ask("PATCH", path, headersOfPart(offset), part, given), path));
  }
  return { id: receipt };
}

// The key is the receipt's: the same beginning is answered by the upload that stands, and how far it is.
async function begin(item: Waiting, size: number, given?: AbortSignal): Promise<Standing> {
  const headers = {
    "Idempotency-Key": item.id,
    "Upload-Length": String(size),
    "Upload-Metadata": metadata(item),
  };
  const response = await ask("POST", PATH, headers, undefined, given);
  return standing(response, response.headers.get("Location") ?? "");
}

async function beginAgain(item: Waiting, size: number, given: AbortSignal): Promise<Standing> {
  await endUpload(item);
  return await begin(item, size, given);
}

async function ask(
  method: string,
  path: string,
  headers: HeadersInit,
  body?: Blob,
  signal?: AbortSignal,
): Promise<Response> {
  const response = await send(new Request(path, { method, headers: { ...TUS, ...headers }, body, signal }));
  if (!response.ok) throw await refusal(response);
  return response;
}

function headersOfPart(offset: number): Record<string, string> {
  return { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
}

function standing({ headers }: Response, path: string): Standing {
  return {
    path,
    offset: Number(headers.get("Upload-Offset")),
    receipt: headers.get("Quetbill-Receipt"),
  };
}

// The pages follow each other: this says where each ends.
function metadata(item: Waiting): string {
  const at = takenAt(item);
  const told = { page_sizes: item.pages.map(({ size }) => size).join(), ...(at && { captured_at: at }) };
  return Object.entries(told)
    .map(([key, value]) => `${key} ${btoa(value)}`)
    .join();
}
