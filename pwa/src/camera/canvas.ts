// Decoding, shrinking and measuring with the browser's own means: in a worker where it has canvases, else on the page.
import { withNotes } from "./exif";
import {
  CROP_PX,
  GRID,
  THUMB_PX,
  darknessOf,
  glareOf,
  gray,
  sharpnessOf,
  warnings,
  type Measures,
  type Pixels,
  type Warning,
} from "./measure";

// The long side and the quality at which reading loses nothing (docs/decisions/0231).
export const SIDE_PX = 2500;
const QUALITY = 0.65;
// Not worth encoding anew: a screenshot, or a picture that was shrunk before.
const SMALL_BYTES = 400_000;

export type Job = { kind: "measure"; picture: ImageBitmap } | { kind: "prepare"; picture: Blob };

export interface Looked extends Measures {
  width: number;
  height: number;
  warnings: Warning[];
}

// What is sent of a picture, and what it is like; null where this browser can't decode it, as HEIC.
export interface Prepared {
  picture: Blob;
  looked: Looked | null;
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

export async function work(job: Job): Promise<Looked | Prepared> {
  return job.kind === "measure" ? await look(job.picture) : await prepare(job.picture);
}

async function look(whole: ImageBitmap): Promise<Looked> {
  const small = await fitted(whole, SIDE_PX);
  const found = lookAt(small, whole);
  small.close();
  whole.close();
  return found;
}

// Measure a picture at the size at which it is sent.
function lookAt(small: ImageBitmap, { width, height }: ImageBitmap): Looked {
  const thumb = pixels(small, 0, 0, small.width, small.height, Math.min(1, THUMB_PX / longSide(small)));
  const light = gray(thumb);
  const found: Measures = {
    sharpness: sharpest(small),
    dark: darknessOf(light),
    glare: glareOf(light, thumb.width, thumb.height),
  };
  return { ...found, width, height, warnings: warnings(found) };
}

// The sharpest of crops from all over the picture: the paper is in some of them, wherever it lies.
function sharpest(picture: ImageBitmap): number {
  const side = Math.min(CROP_PX, picture.width, picture.height);
  let best = 0;
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      const left = Math.round(((picture.width - side) * (column + 0.5)) / GRID);
      const top = Math.round(((picture.height - side) * (row + 0.5)) / GRID);
      best = Math.max(best, sharpnessOf(gray(pixels(picture, left, top, side, side, 1)), side, side));
    }
  }
  return best;
}

// Decoded once, which is most of the work. A picture that is small enough stays as it is, byte for byte; so does what
// can't be decoded.
async function prepare(picture: Blob): Promise<Prepared> {
  let whole: ImageBitmap;
  try {
    whole = await createImageBitmap(picture);
  } catch {
    return { picture, looked: null };
  }
  const small = await fitted(whole, SIDE_PX);
  const looked = lookAt(small, whole);
  const stays = longSide(whole) <= SIDE_PX && picture.size <= SMALL_BYTES;
  whole.close();
  try {
    return { picture: stays ? picture : await shrunk(small, picture), looked };
  } finally {
    small.close();
  }
}

async function shrunk(small: ImageBitmap, picture: Blob): Promise<Blob> {
  const canvas = newCanvas(small.width, small.height);
  context(canvas).drawImage(small, 0, 0);
  const made = await withNotes(await encoded(canvas), picture);
  canvas.width = canvas.height = 0;
  return made.size < picture.size ? made : picture;
}

// The picture with a long side of at most so many pixels.
async function fitted(picture: ImageBitmap, side: number): Promise<ImageBitmap> {
  const scale = Math.min(1, side / longSide(picture));
  if (scale === 1) return await createImageBitmap(picture);
  const resizeWidth = Math.round(picture.width * scale);
  const resizeHeight = Math.round(picture.height * scale);
  return await createImageBitmap(picture, { resizeWidth, resizeHeight, resizeQuality: "high" });
}

function pixels(
  picture: ImageBitmap,
  left: number,
  top: number,
  width: number,
  height: number,
  scale: number,
): Pixels {
  const canvas = newCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const drawn = context(canvas);
  drawn.imageSmoothingQuality = "high";
  drawn.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
  return drawn.getImageData(0, 0, canvas.width, canvas.height);
}

function longSide({ width, height }: { width: number; height: number }): number {
  return Math.max(width, height);
}

function newCanvas(width: number, height: number): Canvas {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

function context(canvas: Canvas): Context {
  return canvas.getContext("2d", { willReadFrequently: true }) as Context;
}

function encoded(canvas: Canvas): Promise<Blob> {
  const type = "image/jpeg";
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type, quality: QUALITY });
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), type, QUALITY);
  });
}
