// What waits on this phone to be sent, kept in IndexedDB so that a closed tab or an empty battery loses nothing.
import { openDB, type DBSchema } from "idb";

export interface Waiting {
  // Made before the first try, and the Idempotency-Key of every try: nothing counts twice.
  id: string;
  // The shopper who took the pictures: they are sent for nobody else.
  who: string;
  madeAt: number;
  // When the camera here took them; null for pictures from elsewhere.
  takenAt: number | null;
  // The pages in order: as taken, until they are `ready`; then they never change, since the key is for these bytes.
  pages: Blob[];
  ready: boolean;
  tries: number;
  nextAt: number;
  // Its owner stopped it: nothing of it is sent until they let it go on.
  paused?: boolean;
  // Why the API will not take it, in its words.
  refused?: { code: string; detail: string };
}

interface Schema extends DBSchema {
  receipts: { key: string; value: Waiting };
}

const db = openDB<Schema>("quetbill", 1, {
  upgrade: (opened) => {
    opened.createObjectStore("receipts", { keyPath: "id" });
  },
});

// The oldest first.
export async function all(): Promise<Waiting[]> {
  const found = await (await db).getAll("receipts");
  return found.sort((one, other) => one.madeAt - other.madeAt);
}

export async function put(item: Waiting): Promise<void> {
  await (await db).put("receipts", item);
}

// Change what is still there: a row that is gone was sent, and is not put back.
export async function change(id: string, changes: Partial<Waiting>): Promise<Waiting | undefined> {
  const write = (await db).transaction("receipts", "readwrite");
  const found = await write.store.get(id);
  const changed = found && { ...found, ...changes };
  if (changed) await write.store.put(changed);
  await write.done;
  return changed;
}

export async function remove(id: string): Promise<void> {
  await (await db).delete("receipts", id);
}
