/**
 * Writes the README's table of options from the rows of `src/config/options.ts`, and the page of recipes from the table
 * of clients. A test fails when one is not up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Client } from "../src/client/client.ts";
import { CLIENTS, toBarePlace, toRecipe } from "../src/client/table.ts";
import { toDefaultWords } from "../src/config/option.ts";
import type { Option } from "../src/config/option.ts";
import { OPTION_ROWS } from "../src/config/options.ts";
import { CLIENTS as RUN } from "./clients/table.ts";

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

export const RECIPES_FILE = "src/client/README.md";

const INTRODUCTION = `# Recipes

The settings of each client, as \`claude-max-api connect NAME\` makes them in an empty file, for port 3456 and a server
without a key. Made by \`npm run readme\` from the table beside this page.

"Run" means that \`npm run test:clients\` sets the client up with \`connect\` and has it do a task of two prompts with its
own shell tool, against the real CLI; "documented" that the recipe follows the client's documentation and was not run.
`;

const LANGUAGES: Readonly<Record<string, string>> = { json: "json", yaml: "yaml", toml: "toml" };

function formatRecipe(client: Client): string {
  const { id, name, setup, isConnectable } = client;
  const mark = RUN.some((run) => run.id === id) ? "run" : "documented";
  const command = isConnectable ? `\`claude-max-api connect ${id}\`. ` : "";
  const language = setup.type === "file" ? LANGUAGES[setup.format] : "";
  const text = toRecipe(client, toBarePlace("http://localhost:3456", "unused"));
  return `## ${name} (${mark})\n\n${command}${setup.where}:\n\n\`\`\`${language}\n${text}\n\`\`\`\n`;
}

/** The page of recipes. */
export function formatRecipes(): string {
  return [INTRODUCTION, ...CLIENTS.map(formatRecipe)].join("\n");
}

if (process.argv[1]?.endsWith("readme.ts")) {
  writeFileSync(FILE, updateReadme(readFileSync(FILE, "utf8")));
  writeFileSync(RECIPES_FILE, formatRecipes());
}
