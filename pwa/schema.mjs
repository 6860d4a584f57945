// Makes src/lib/schema.d.ts of what docs/openapi.json says to shoppers: the rest would only cost time.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const SHOPPERS = ["/v1/auth", "/v1/me", "/v1/receipts", "/v1/rewards", "/v1/uploads", "/v1/catalog/retailers"];

const api = JSON.parse(await readFile(new URL("../docs/openapi.json", import.meta.url), "utf8"));
api.paths = Object.fromEntries(
  Object.entries(api.paths).filter(([path]) => SHOPPERS.some((prefix) => path.startsWith(prefix))),
);

// Keep of the components only what those paths lead to.
const needed = new Set();
const follow = (value) => {
  if (value === null || typeof value !== "object") return;
  if (typeof value.$ref === "string" && !needed.has(value.$ref)) {
    needed.add(value.$ref);
    const [, , kind, name] = value.$ref.split("/");
    follow(api.components[kind][name]);
  }
  Object.values(value).forEach(follow);
};
follow(api.paths);
for (const [kind, parts] of Object.entries(api.components)) {
  if (kind === "securitySchemes") continue;
  api.components[kind] = Object.fromEntries(
    Object.entries(parts).filter(([name]) => needed.has(`#/components/${kind}/${name}`)),
  );
}

const nodes = await openapiTS(api, {
  // A file is sent as a Blob, not as text.
  transform: (schema) =>
    schema.format === "binary" ? ts.factory.createTypeReferenceNode("Blob") : undefined,
});
await writeFile(new URL("src/lib/schema.d.ts", import.meta.url), astToString(nodes));
