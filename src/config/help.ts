/** The help text, by example first. */
import { wrapText } from "../lib/wrap.ts";
import { ENDING_OPTIONS } from "./commands.ts";
import { toDefaultWords } from "./option.ts";
import type { Option } from "./option.ts";
import { OPTION_ROWS } from "./options.ts";

/** Column at which the words of an option begin. */
const COLUMN = 30;
/** Columns of a terminal that nobody has made wider. */
const WIDTH = 80;

/** A command line, and what it does. */
const EXAMPLES: readonly [string, string][] = [
  ["claude-max-api", "serve on http://127.0.0.1:3456/v1"],
  ["claude-max-api --demo", "the same with a built-in echo model: no account, no network; needs the claude CLI"],
  ["claude-max-api --port 8080 --alias gpt-4o=claude-sonnet-4", "another port, and a name that a client insists on"],
  [
    "CLAUDE_MAX_API_API_KEY=$(openssl rand -hex 24) claude-max-api --host 0.0.0.0",
    "reachable from your network, with a key that ps does not show; --variables takes it from a file",
  ],
  [
    "claude-max-api doctor",
    "say what is wrong, and the command that mends it; --live asks one tiny question, --json is for programs",
  ],
  [
    "claude-max-api usage",
    "show what is left of the plan and what used it, as the running server knows; --json is for programs",
  ],
  [
    "claude-max-api connect opencode",
    "set a client up for this server; without a name, list them; --print only shows it, --undo puts it back",
  ],
  [
    "claude-max-api service install --port 8080",
    "start at login with these options; also uninstall, status, logs; --print only shows it",
  ],
  ["claude-max-api completion bash", "print a completion script; also zsh, fish"],
];

/** The first line. */
const TITLE = "claude-max-api: an OpenAI-compatible API here, answered by your own claude CLI";
const TELEGRAM =
  "Progress on Telegram is set by TELEGRAM_BOT_TOKEN, TELEGRAM_NOTIFY_ID and TELEGRAM_API_URL; see the README.";

const formatExample = ([line, words]: readonly [string, string]): string =>
  `  $ ${line}\n    ${wrapText(words, WIDTH, 4)}\n`;

function formatRow(flag: string, words: string): string {
  const isShort = flag.length + 2 < COLUMN;
  const start = isShort ? `  ${flag.padEnd(COLUMN - 2)}` : `  ${flag}\n${" ".repeat(COLUMN)}`;
  return start + wrapText(words, WIDTH, COLUMN);
}

function formatOption(option: Option): string {
  const { name, hint, help, kind } = option;
  if (kind === "switch") return formatRow(`--${name}`, help);
  return formatRow(`--${name} ${hint}`, `${help} (${toDefaultWords(option)})`);
}

/** The help text. */
export function formatHelp(): string {
  const rows = [
    ...OPTION_ROWS.map(([, row]) => formatOption(row)),
    ...ENDING_OPTIONS.map(({ name, short, help }) => formatRow(`-${short}, --${name}`, help)),
  ];
  return `${TITLE}

${EXAMPLES.map(formatExample).join("\n")}
Options (each is also an environment variable, such as CLAUDE_MAX_API_PORT):
${rows.join("\n")}

${wrapText(TELEGRAM, WIDTH, 0)}
`;
}
