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

export type Job =
  | { kind: "measure"; picture: Blob | ImageBitmap }
  | { kind: "prepare"; picture: Blob };

export interface Looked extends Measures {
  width: number;
  height: number;
  warnings: Warning[];
}

// A picture as it is sent, and what it is like; null where this browser can't decode it.
export interface Prepared {
  small: Blob;
  looked: Looked | null;
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

export async function work(job: Job): Promise<Looked | Prepared> {
  return job.kind === "measure" ? await look(job.picture) : await prepare(job.picture);
}

// Measure a picture at the size at which it is sent.
async function look(picture: Blob | ImageBitmap): Promise<Looked> {
  const whole = picture instanceof Blob ? await createImageBitmap(picture) : picture;
  const { width, height } = whole;
  const drawn = draw(await fitted(whole));
  return lookedAt(drawn, width, height);
}

// Decode once, then measure and encode what was decoded. A picture that is small enough stays as it is, byte for byte;
// so does what this browser can't decode, as HEIC.
async function prepare(picture: Blob): Promise<Prepared> {
  let whole: ImageBitmap;
  try {
    whole = await createImageBitmap(picture);
  } catch {
    return { small: picture, looked: null };
  }
  const { width, height } = whole;
  const stays = longSide(whole) <= SIDE_PX && picture.size <= SMALL_BYTES;
  const drawn = draw(await fitted(whole));
  // The browser encodes beside this script, which measures meanwhile.
  const coming = stays ? picture : encoded(drawn.canvas);
  const looked = lookedAt(drawn, width, height);
  const made = stays ? picture : await withNotes(await coming, picture);
  drawn.canvas.width = drawn.canvas.height = 0;
  return { small: made.size < picture.size ? made : picture, looked };
}

function lookedAt(drawn: Context, width: number, height: number): Looked {
  const thumb = thumbOf(drawn.canvas);
  const light = gray(thumb);
  const found: Measures = {
    sharpness: sharpest(drawn),
    dark: darknessOf(light),
    glare: glareOf(light, thumb.width, thumb.height),
  };
  return { ...found, width, height, warnings: warnings(found) };
}

// The sharpest of crops from all over the picture: the paper is in some of them, wherever it lies.
function sharpest(drawn: Context): number {
  const { width, height } = drawn.canvas;
  const side = Math.min(CROP_PX, width, height);
  let best = 0;
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      const left = Math.round(((width - side) * (column + 0.5)) / GRID);
      const top = Math.round(((height - side) * (row + 0.5)) / GRID);
      best = Math.max(best, sharpnessOf(gray(drawn.getImageData(left, top, side, side)), side, side));
    }
  }
  return best;
}

function thumbOf(picture: Canvas): Pixels {
  const scale = Math.min(1, THUMB_PX / longSide(picture));
  const thumb = newCanvas(
    Math.max(1, Math.round(picture.width * scale)),
    Math.max(1, Math.round(picture.height * scale)),
  );
  const drawn = context(thumb);
  drawn.imageSmoothingQuality = "high";
  drawn.drawImage(picture, 0, 0, thumb.width, thumb.height);
  return drawn.getImageData(0, 0, thumb.width, thumb.height);
}

// The picture as large as it is sent, in the place of the whole one, whose memory is given back.
async function fitted(whole: ImageBitmap): Promise<ImageBitmap> {
  const scale = Math.min(1, SIDE_PX / longSide(whole));
  if (scale === 1) return whole;
  const resizeWidth = Math.round(whole.width * scale);
  const resizeHeight = Math.round(whole.height * scale);
  const small = await createImageBitmap(whole, { resizeWidth, resizeHeight, resizeQuality: "high" });
  whole.close();
  return small;
}

function draw(picture: ImageBitmap): Context {
  const drawn = context(newCanvas(picture.width, picture.height));
  drawn.drawImage(picture, 0, 0);
  picture.close();
  return drawn;
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
