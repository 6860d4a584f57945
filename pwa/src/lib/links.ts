export const BASE = "/app";

// Where a page is: link("/receipts") is /app/receipts.
export function link(path: string): string {
  return BASE + path;
}
