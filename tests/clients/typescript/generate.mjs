// Makes schema.d.ts of a description: node generate.mjs http://localhost:8000/openapi.json
import { writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const nodes = await openapiTS(new URL(process.argv[2]), {
  // A file is sent as a Blob, not as text.
  transform: (schema) =>
    schema.format === "binary" ? ts.factory.createTypeReferenceNode("Blob") : undefined,
});
await writeFile(new URL("schema.d.ts", import.meta.url), astToString(nodes));
