/** Makes `dist/claude-max-api.cjs`: one self-contained file that needs nothing but Node. */
import { build } from "esbuild";
import { chmod, readFile, rename } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { buildPage } from "./page.ts";

const BUNDLE = "dist/claude-max-api.cjs";
/** Put in place by one move: tests and packagers that run beside a build never read half a file. */
const outfile = `dist/claude-max-api.${process.pid}.cjs`;
/** Packages that are bundled; their licenses want to go with them. */
const BUNDLED = ["yaml", "smol-toml"];
const licenses = await Promise.all(BUNDLED.map((name) => readFile(`node_modules/${name}/LICENSE`, "utf8")));
const notice = BUNDLED.map((name, at) => `${name}:\n\n${licenses[at]?.trim()}`).join("\n\n");
const page = await buildPage();
const { metafile } = await build({
  entryPoints: ["src/main.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  // Names stay, so that a stack trace can be read; `keepNames` instead would cost a call for each closure made.
  minifyWhitespace: true,
  minifySyntax: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  banner: { js: "#!/usr/bin/env node" },
  footer: { js: `/*\nThis file holds parts of these packages.\n\n${notice}\n*/` },
  // `src/http/page.ts` declares it.
  define: { STATUS_PAGE: JSON.stringify(page) },
});

const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
const strange = outside.filter((path) => !isBuiltin(path));
if (strange.length > 0) throw new Error(`Cannot build one file: it would import ${strange.join(", ")}`);
await chmod(outfile, 0o755);
await rename(outfile, BUNDLE);
const toKb = (bytes: number): number => Math.round(bytes / 1024);
const pageKb = toKb(Buffer.byteLength(page.html));
console.log(`${BUNDLE}: ${toKb(metafile.outputs[outfile]?.bytes ?? 0)} kB, ${pageKb} kB of them the page`);
