/**
 * Writes the README's table of options from the rows of `src/config/options.ts`, its marks of clients that were run
 * from the results of `npm run test:clients`, and the page of recipes from the table of clients and the same results. A
 * test fails when one is not up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Client } from "../src/client/client.ts";
import { CLIENTS, toBarePlace, toRecipe } from "../src/client/table.ts";
import { toDefaultWords } from "../src/config/option.ts";
import type { Option } from "../src/config/option.ts";
import { OPTION_ROWS } from "../src/config/options.ts";
import { formatRow as formatResult, HEAD, readResults } from "./clients/results.ts";
import type { Result } from "./clients/results.ts";

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

/** Names of the README's own examples, and the recipe that each stands for. */
const EXAMPLES: Readonly<Record<string, string>> = { "OpenAI SDK for JavaScript": "openai-sdk" };
/** Run by a test of the README itself. */
const ALWAYS_RUN: readonly string[] = ["curl"];

/** `run` for a client all of whose results are good, `documented` for one that failed or has none. */
function toMark(id: string, results: readonly Result[]): "run" | "documented" {
  if (ALWAYS_RUN.includes(id)) return "run";
  const own = results.filter((result) => result.id === id);
  return own.length > 0 && own.every(({ result }) => result === "passed") ? "run" : "documented";
}

/** The README with its marks made anew. */
function updateMarks(text: string, results: readonly Result[]): string {
  return text.replace(/^\*\*([^*]+)\*\* \((?:run|documented)\)/gm, (_, name: string) => {
    const id = EXAMPLES[name] ?? CLIENTS.find((client) => client.name === name)?.id ?? name;
    return `**${name}** (${toMark(id, results)})`;
  });
}

/**
 * The README with its table of options and its marks of clients made anew. @throws Error when it has no such table.
 */
export function updateReadme(text: string, results: readonly Result[] = readResults()): string {
  if (!TABLE.test(text)) throw new Error(`Cannot update ${FILE}: it has no table of options`);
  const rows = OPTION_ROWS.map(([, row]) => formatRow(row));
  const table = ["| option | default | meaning |", "|---|---|---|", ...rows, TELEGRAM, ""].join("\n");
  return updateMarks(
    text.replace(TABLE, () => table),
    results,
  );
}

export const RECIPES_FILE = "src/client/README.md";

const INTRODUCTION = `# Recipes

The settings of each client, as \`claude-max-api connect NAME\` makes them in an empty file, for port 3456 and a server
without a key. Made by \`npm run readme\` from the table beside this page, and from the results of \`npm run test:clients\`.

"Run" means that \`npm run test:clients\` has set the client up with \`connect\`, or with the variables of its recipe, and
has had it do a task of two prompts or more with a tool of its own, against the real CLI; "documented" that the recipe
follows the client's documentation and was not run.
`;

const RESULTS = `## The last runs

One prompt is two turns: the model calls a tool, then reads its result. A turn that began \`hot\` or as \`forecast\` found a
process that knew its history; one that began as \`spare\`, \`waiting\` or \`cold\` did not. Where that was so after a client's
first turn, the cause follows.
`;

const LANGUAGES: Readonly<Record<string, string>> = { json: "json", yaml: "yaml", toml: "toml" };

function formatRecipe(client: Client, results: readonly Result[]): string {
  const { id, name, setup, isConnectable } = client;
  const mark = toMark(id, results);
  const command = isConnectable ? `\`claude-max-api connect ${id}\`. ` : "";
  const language = setup.type === "file" ? LANGUAGES[setup.format] : "";
  const text = toRecipe(client, toBarePlace("http://localhost:3456", "unused"));
  return `## ${name} (${mark})\n\n${command}${setup.where}:\n\n\`\`\`${language}\n${text}\n\`\`\`\n`;
}

/** The page of recipes. */
export function formatRecipes(results: readonly Result[] = readResults()): string {
  const table = [HEAD, ...results.map(formatResult), ""].join("\n");
  return [INTRODUCTION, ...CLIENTS.map((client) => formatRecipe(client, results)), RESULTS, table].join("\n");
}

if (process.argv[1]?.endsWith("readme.ts")) {
  writeFileSync(FILE, updateReadme(readFileSync(FILE, "utf8")));
  writeFileSync(RECIPES_FILE, formatRecipes());
}
