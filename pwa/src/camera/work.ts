// Hands pictures to the worker, or does its work here where workers have no canvases.
import type { Job, Looked, Prepared } from "./canvas";

interface Done {
  number: number;
  result?: Looked | Prepared;
  error?: string;
}

type Waits = { done: (result: Looked | Prepared) => void; failed: (error: Error) => void };

const waits = new Map<number, Waits>();
let worker: Worker | null = null;
let asked = 0;

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "pictures" });
  worker.addEventListener("message", ({ data }: MessageEvent<Done>) => {
    const waiting = waits.get(data.number);
    waits.delete(data.number);
    if (data.result === undefined) waiting?.failed(new Error(data.error));
    else waiting?.done(data.result);
  });
  // A worker that dies takes nothing with it but what it was at.
  worker.addEventListener("error", ({ message }) => {
    for (const { failed } of waits.values()) failed(new Error(message));
    waits.clear();
    worker = null;
  });
  return worker;
}

async function run(job: Job): Promise<Looked | Prepared> {
  if (typeof OffscreenCanvas === "undefined") return (await import("./canvas")).work(job);
  const number = (asked += 1);
  const handedOver = job.picture instanceof ImageBitmap ? [job.picture] : [];
  return await new Promise((done, failed) => {
    waits.set(number, { done, failed });
    started().postMessage({ number, job }, handedOver);
  });
}

// What the picture is like; null where this browser can't decode it.
export async function measured(picture: Blob | ImageBitmap): Promise<Looked | null> {
  try {
    return (await run({ kind: "measure", picture })) as Looked;
  } catch {
    return null;
  }
}

// The picture as small as reading allows, and what it is like; as it is where that fails.
export async function prepared(picture: Blob): Promise<Prepared> {
  try {
    return (await run({ kind: "prepare", picture })) as Prepared;
  } catch {
    return { small: picture, looked: null };
  }
}

// Begin what the first picture would else wait for.
export function warmUp(): void {
  if (typeof OffscreenCanvas !== "undefined") started();
}
