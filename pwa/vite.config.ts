import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const BASE = "/app/";
const PUBLIC = "public";

// The service worker keeps the shell: every file of this build, and no other. What has no digest in its name is told
// apart by the version, so that a browser notices a new build whatever changed in it.
function listShell(): Plugin {
  return {
    name: "list-shell",
    enforce: "post",
    generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      const page = bundle["index.html"];
      if (worker?.type !== "chunk" || page?.type !== "asset") throw new Error("No service worker, or no page.");
      const plain = readdirSync(PUBLIC).sort();
      const built = Object.keys(bundle).filter((name) => name !== "sw.js" && name !== "index.html");
      const shell = [BASE, ...[...built, ...plain].sort().map((name) => BASE + name)];
      const digest = createHash("sha256").update(shell.join()).update(page.source);
      for (const name of plain) digest.update(readFileSync(`${PUBLIC}/${name}`));
      worker.code = worker.code
        .replace(/["'`]__SHELL__["'`]/, JSON.stringify(shell))
        .replace("__VERSION__", digest.digest("hex").slice(0, 12));
    },
  };
}

export default defineConfig({
  base: BASE,
  plugins: [listShell()],
  define: { APP_VERSION: JSON.stringify(process.env.npm_package_version) },
  worker: { format: "es" },
  build: {
    outDir: "../api/static/app",
    emptyOutDir: true,
    target: "es2020",
    // The content policy lets in no picture or font that is written into a style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: "index.html", sw: "src/sw.ts" },
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  // While pages are written: `npm run dev` beside `quetbill serve`.
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } },
});
