// Whether a picture can be read, by measures of its pixels. They warn; nothing is refused on the phone.

export type Warning = "blurred" | "too_dark" | "glare";

export interface Measures {
  // Variance of the Laplacian of the sharpest of nine crops.
  sharpness: number;
  // 0 lit, 1 too dark for any print.
  dark: number;
  // Share of the picture that is burnt out and bare of print.
  glare: number;
}

// Pixels as a canvas has them: red, green, blue and alpha, 0 to 255.
export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

export const GRID = 3;
export const CROP_PX = 320;
export const THUMB_PX = 256;
const SHARPNESS_MIN = 100;
// As the server judges light and glare, so that both say the same of one picture.
const LIT_GRAY = 90;
const DARK_GRAY = 25;
const DARK_NOTED = 0.5;
const WHITE = 253;
const UNBURNT_MIN = 0.15;
const GLARE_NOTED = 0.08;
// Half the width of the smallest patch that counts as burnt out.
const BARE_REACH = 3;

export function warnings({ sharpness, dark, glare }: Measures): Warning[] {
  const found: Warning[] = [];
  if (dark >= DARK_NOTED) found.push("too_dark");
  // In the dark there are no edges to be sharp.
  else if (sharpness < SHARPNESS_MIN) found.push("blurred");
  if (glare >= GLARE_NOTED) found.push("glare");
  return found;
}

// Brightness by ITU-R BT.601, rounded as OpenCV does.
export function gray({ data, width, height }: Pixels): Uint8Array {
  const found = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < found.length; at += 1, from += 4) {
    found[at] = (data[from]! * 4899 + data[from + 1]! * 9617 + data[from + 2]! * 1868 + 8192) >> 14;
  }
  return found;
}

// Variance of the Laplacian; the border is mirrored without its outermost pixel.
export function sharpnessOf(light: Uint8Array, width: number, height: number): number {
  let sum = 0;
  let squares = 0;
  for (let y = 0; y < height; y += 1) {
    const above = (y === 0 ? 1 : y - 1) * width;
    const below = (y === height - 1 ? height - 2 : y + 1) * width;
    for (let x = 0; x < width; x += 1) {
      const left = x === 0 ? 1 : x - 1;
      const right = x === width - 1 ? width - 2 : x + 1;
      const here = y * width;
      const bend =
        light[above + x]! + light[below + x]! + light[here + left]! + light[here + right]! - 4 * light[here + x]!;
      sum += bend;
      squares += bend * bend;
    }
  }
  const count = width * height;
  return squares / count - (sum / count) ** 2;
}

// How dark blank paper is: the brightness that a quarter of the picture has or passes.
export function darknessOf(light: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const value of light) counts[value]! += 1;
  let left = light.length / 4;
  let level = 255;
  while (level > 0 && (left -= counts[level]!) > 0) level -= 1;
  return Math.min(1, Math.max(0, (LIT_GRAY - level) / (LIT_GRAY - DARK_GRAY)));
}

// The share that is white and smooth, where not nearly everything is white, as a screenshot is.
export function glareOf(light: Uint8Array, width: number, height: number): number {
  if (!light.some((value) => value >= WHITE)) return 0;
  const brightest = spread(light, width, height, 1, Math.max);
  const darker = brightest.reduce((count, value) => count + (value < WHITE ? 1 : 0), 0);
  if (darker < UNBURNT_MIN * light.length) return 0;
  // A patch is bare where a whole square of it is white: letters break it up.
  const white = light.map((value) => (value >= WHITE ? 1 : 0));
  const core = spread(white, width, height, BARE_REACH, Math.min);
  const bare = spread(core, width, height, BARE_REACH, Math.max);
  return bare.reduce((count, value) => count + value, 0) / light.length;
}

// The largest or the smallest value of a square around each pixel, of what lies inside the picture: by rows, then columns.
function spread(
  values: Uint8Array,
  width: number,
  height: number,
  reach: number,
  choose: (one: number, other: number) => number,
): Uint8Array {
  const along = (from: Uint8Array, length: number, step: number, lines: number, stride: number) => {
    const found = new Uint8Array(from.length);
    for (let line = 0; line < lines; line += 1) {
      for (let at = 0; at < length; at += 1) {
        let best = from[line * stride + at * step]!;
        const last = Math.min(length - 1, at + reach);
        for (let near = Math.max(0, at - reach); near <= last; near += 1) {
          best = choose(best, from[line * stride + near * step]!);
        }
        found[line * stride + at * step] = best;
      }
    }
    return found;
  };
  return along(along(values, width, 1, height, width), height, width, width, 1);
}
