/**
 * Makes the status page: one HTML text that holds its styles and its script, and the policy that lets only those run.
 */
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** The page as the server has it. */
export interface PageText {
  readonly html: string;
  /** The value of the `content-security-policy` header. */
  readonly policy: string;
}

const FOLDER = "src/page";
const MOST_BYTES = 150 * 1024;

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}/${entry}`],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: ["es2023", "chrome123", "firefox120", "safari17.5"],
    charset: "utf8",
    legalComments: "none",
  });
  return (outputFiles[0]?.text ?? "").trim();
}

const toHash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Builds the page. @throws Error when it is larger than 150 kB. */
export async function buildPage(): Promise<PageText> {
  const [frame, style, script] = await Promise.all([
    readFile(`${FOLDER}/index.html`, "utf8"),
    bundle("style.css"),
    bundle("main.ts"),
  ]);
  // Functions: a text would have its dollar signs read.
  const html = frame
    .replace(/\n\s*/g, "\n")
    .replace(/\s*\/\* style \*\/\s*/, () => style)
    .replace(/\s*\/\* script \*\/\s*/, () => script);
  const bytes = Buffer.byteLength(html);
  if (bytes > MOST_BYTES) throw new Error(`Cannot build the page: ${bytes} bytes are more than ${MOST_BYTES}`);
  const policy = [
    "default-src 'none'",
    `script-src ${toHash(script)}`,
    `style-src ${toHash(style)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html, policy: policy.join("; ") };
}
