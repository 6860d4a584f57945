// What a photo says of its making, carried over to its smaller copy: camera, program, hour. Never of its place.

// Make, model, software and the hour it was changed; the hour it was taken stands in a directory of its own.
const CARRIED = [0x010f, 0x0110, 0x0131, 0x0132];
const TAKEN_AT = 0x9003;
const CHANGED_AT = 0x0132;
const EXIF_DIRECTORY = 0x8769;
const TEXT = 2;
const TEXT_MAX = 120;
const ENTRIES_MAX = 200;
const HEAD_BYTES = 256 * 1024;
const SIGN = [0x45, 0x78, 0x69, 0x66, 0, 0];

type Notes = Map<number, Uint8Array>;

// The copy with the notes of the original, where both are JPEG and there are any.
export async function withNotes(copy: Blob, original: Blob): Promise<Blob> {
  if (copy.type !== "image/jpeg") return copy;
  const notes = notesOf(new Uint8Array(await original.slice(0, HEAD_BYTES).arrayBuffer()));
  if (notes.size === 0) return copy;
  return new Blob([copy.slice(0, 2), segment(notes), copy.slice(2)], { type: copy.type });
}

export function notesOf(head: Uint8Array<ArrayBuffer>): Notes {
  try {
    const at = exifAt(head);
    return at === null ? new Map() : read(new DataView(head.buffer, at));
  } catch (error) {
    // Offsets that lead outside: a file that is damaged, or made so, says nothing.
    if (error instanceof RangeError) return new Map();
    throw error;
  }
}

// Where the TIFF structure begins in a JPEG's head; null where there is none.
function exifAt(head: Uint8Array<ArrayBuffer>): number | null {
  const view = new DataView(head.buffer);
  if (view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 < head.length; ) {
    const marker = view.getUint16(at);
    if (marker < 0xffe0 || marker > 0xffef) return null;
    if (marker === 0xffe1 && SIGN.every((byte, index) => head[at + 4 + index] === byte)) {
      return at + 4 + SIGN.length;
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function read(tiff: DataView): Notes {
  const little = tiff.getUint16(0) === 0x4949;
  const notes: Notes = new Map();
  const directory = (at: number, wanted: number[]): number => {
    let further = 0;
    const count = Math.min(tiff.getUint16(at, little), ENTRIES_MAX);
    for (let entry = at + 2; entry < at + 2 + 12 * count; entry += 12) {
      const tag = tiff.getUint16(entry, little);
      if (tag === EXIF_DIRECTORY) further = tiff.getUint32(entry + 8, little);
      if (!wanted.includes(tag) || tiff.getUint16(entry + 2, little) !== TEXT) continue;
      const length = Math.min(tiff.getUint32(entry + 4, little), TEXT_MAX);
      const from = length <= 4 ? entry + 8 : tiff.getUint32(entry + 8, little);
      const text = new Uint8Array(tiff.buffer, tiff.byteOffset + from, length);
      const end = text.indexOf(0);
      notes.set(tag === TAKEN_AT ? CHANGED_AT : tag, text.slice(0, end < 0 ? length : end));
    }
    return further;
  };
  const further = directory(tiff.getUint32(4, little), CARRIED);
  if (further > 0) directory(further, [TAKEN_AT]);
  return notes;
}

// A JPEG segment with a single directory of texts, by their tags in order.
function segment(notes: Notes): Uint8Array<ArrayBuffer> {
  const rows = [...notes].sort(([one], [other]) => one - other);
  const directoryBytes = 2 + 12 * rows.length + 4;
  const textBytes = rows.reduce((sum, [, text]) => sum + Math.max(text.length + 1, 5), 0);
  const tiffBytes = 8 + directoryBytes + textBytes;
  const made = new Uint8Array(4 + SIGN.length + tiffBytes);
  const view = new DataView(made.buffer);
  view.setUint16(0, 0xffe1);
  view.setUint16(2, made.length - 2);
  made.set(SIGN, 4);
  const start = 4 + SIGN.length;
  view.setUint32(start, 0x4d4d002a);
  view.setUint32(start + 4, 8);
  view.setUint16(start + 8, rows.length);
  let textAt = 8 + directoryBytes;
  rows.forEach(([tag, text], index) => {
    const entry = start + 10 + 12 * index;
    // A text ends with a zero, and is longer than what fits into the entry itself.
    const length = Math.max(text.length + 1, 5);
    view.setUint16(entry, tag);
    view.setUint16(entry + 2, TEXT);
    view.setUint32(entry + 4, length);
    view.setUint32(entry + 8, textAt);
    made.set(text, start + textAt);
    textAt += length;
  });
  return made;
}
