/**
 * Writes the README's table of options from the rows of `src/config/options.ts`. A test fails when it is not up to
 * date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { toDefaultWords } from "../src/config/option.ts";
import type { Option } from "../src/config/option.ts";
import { OPTION_ROWS } from "../src/config/options.ts";

const FILE = "README.md";
const TABLE = /^\| option \| default \| meaning \|\n(?:\|.*\n)+/m;
const TELEGRAM =
  "| `TELEGRAM_NOTIFY_ID`, `TELEGRAM_BOT_TOKEN`, `TELEGRAM_API_URL` | none | environment only; see [Telegram](#telegram) |";

/** Paths and addresses are code; words are not. */
const toDefaultCell = (option: Option): string => toDefaultWords(option).replace(/^~.*/, "`$&`");

function formatRow(option: Option): string {
  const { name, hint, help, more } = option;
  const flag = hint === undefined ? `--${name}` : `--${name} ${hint}`;
  return `| \`${flag}\` | ${toDefaultCell(option)} | ${help}${more === undefined ? "" : `; ${more}`} |`;
}

/** The README with its table of options made anew. @throws Error when it has no such table. */
export function updateReadme(text: string): string {
  if (!TABLE.test(text)) throw new Error(`Cannot update ${FILE}: it has no table of options`);
  const rows = OPTION_ROWS.map(([, row]) => formatRow(row));
  const table = ["| option | default | meaning |", "|---|---|---|", ...rows, TELEGRAM, ""].join("\n");
  return text.replace(TABLE, () => table);
}

if (process.argv[1]?.endsWith("readme.ts")) writeFileSync(FILE, updateReadme(readFileSync(FILE, "utf8")));
