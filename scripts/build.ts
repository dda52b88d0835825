/** Makes `dist/claude-max-api.cjs`: one self-contained file that needs nothing but Node. */
import { build } from "esbuild";
import { chmod } from "node:fs/promises";
import { buildPage } from "./page.ts";

const outfile = "dist/claude-max-api.cjs";
const page = await buildPage();
const { metafile } = await build({
  entryPoints: ["src/main.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  minify: true,
  keepNames: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  banner: { js: "#!/usr/bin/env node" },
  // `src/http/page.ts` declares it.
  define: { STATUS_PAGE: JSON.stringify(page) },
});

const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
const strange = outside.filter((path) => !path.startsWith("node:"));
if (strange.length > 0) throw new Error(`Cannot build one file: it would import ${strange.join(", ")}`);
await chmod(outfile, 0o755);
const toKb = (bytes: number): number => Math.round(bytes / 1024);
const pageKb = toKb(Buffer.byteLength(page.html));
console.log(`${outfile}: ${toKb(metafile.outputs[outfile]?.bytes ?? 0)} kB, ${pageKb} kB of them the page`);
