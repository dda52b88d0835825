/** The clients that are run: what `connect` sets up, and how each is asked without a terminal. */
import { CLI } from "../../test/helpers/cli.ts";

/** Words and surroundings of one run of a client. */
export interface Call {
  /** The client's home, in which `connect` was run. */
  readonly home: string;
  /** The server's address. */
  readonly url: string;
  readonly prompt: string;
  /** Goes on from the prompt before. */
  readonly isNext: boolean;
}

export interface Client {
  readonly name: string;
  readonly protocol: "chat" | "responses" | "messages";
  /** Its word for `connect`. */
  readonly id: string;
  /** The package at its pinned version; none for what the checkout has anyway. */
  readonly spec?: string;
  /** The executable below `node_modules/.bin`, or a path. */
  readonly file: string;
  /** The package whose Node it wants, when that of the checkout is too old. */
  readonly node?: string;
  /** Files of its home that are there before `connect`: settings that a run without a terminal needs. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables that no settings file has a place for. */
  toEnvironment?(call: Call): Readonly<Record<string, string>>;
  toArgs(call: Call): readonly string[];
  /** The file of variables that `connect` has written, to be read before. */
  readonly variables?: string;
  /** True for one that takes no second prompt without a terminal. */
  readonly isOnce?: boolean;
  /** Reason for which its second turn cannot find the process of the first; then a replay is no failure. */
  readonly whyCold?: string;
}

/** The model that `connect` is asked to make the first. */
export const MODEL = "claude-sonnet-4";

const OWN = ".claude-max-api/connect";

const copilot = {
  name: "GitHub Copilot CLI",
  id: "copilot",
  spec: "@github/copilot@1.0.102",
  file: "copilot",
  variables: `${OWN}/copilot.sh`,
  toArgs: ({ prompt, isNext }: Call) => [
    ...(isNext ? ["--continue"] : []),
    ...["-p", prompt, "--allow-all-tools", "--allow-all-paths", "--no-color"],
  ],
};

export const CLIENTS: readonly Client[] = [
  {
    name: "Claude Code",
    id: "claude-code",
    protocol: "messages",
    file: CLI,
    toEnvironment: () => ({ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" }),
    toArgs: ({ home, prompt, isNext }) => [
      ...["--settings", `${home}/${OWN}/claude-code.json`, "-p", prompt, "--allowedTools", "Bash"],
      ...(isNext ? ["--continue"] : []),
    ],
  },
  {
    name: "codex",
    id: "codex",
    protocol: "responses",
    spec: "@openai/codex@0.169.0",
    file: "codex",
    toArgs: ({ prompt, isNext }) => [
      ...["exec", ...(isNext ? ["resume", "--last"] : []), "--skip-git-repo-check"],
      ...["--dangerously-bypass-approvals-and-sandbox", prompt],
    ],
  },
  {
    name: "opencode",
    id: "opencode",
    protocol: "chat",
    spec: "opencode-ai@1.18.33",
    file: "opencode",
    files: { ".config/opencode/opencode.json": '{\n  "autoupdate": false, // by hand\n  "permission": "allow",\n}\n' },
    toArgs: ({ prompt, isNext }) => ["run", ...(isNext ? ["--continue"] : []), prompt],
  },
  { ...copilot, protocol: "chat" },
  {
    ...copilot,
    protocol: "messages",
    toEnvironment: ({ url }) => ({ COPILOT_PROVIDER_TYPE: "anthropic", COPILOT_PROVIDER_BASE_URL: url }),
  },
  {
    name: "qwen-code",
    id: "qwen-code",
    protocol: "chat",
    spec: "@qwen-code/qwen-code@0.24.4",
    file: "qwen",
    toArgs: ({ prompt, isNext }) => [...(isNext ? ["--continue"] : []), "--yolo", "-p", prompt],
    whyCold: "its date reminder stands before the prompt and leaves the history",
  },
  {
    name: "Continue",
    id: "continue",
    protocol: "chat",
    spec: "@continuedev/cli@1.5.47",
    file: "cn",
    toArgs: ({ prompt, isNext }) => ["--auto", ...(isNext ? ["--resume"] : []), "-p", prompt],
  },
  {
    name: "pi",
    id: "pi",
    protocol: "chat",
    spec: "@mariozechner/pi-coding-agent@0.73.1",
    file: "pi",
    toEnvironment: () => ({ PI_OFFLINE: "1" }),
    toArgs: ({ prompt, isNext }) => [
      ...(isNext ? ["--continue"] : []),
      ...["--provider", "claude-max-api", "--model", MODEL, "-p", prompt],
    ],
  },
  {
    name: "cline",
    id: "cline",
    protocol: "chat",
    spec: "cline@3.0.65",
    file: "cline",
    toArgs: ({ prompt }) => [prompt],
    isOnce: true,
    whyCold: "without a terminal it begins anew with each prompt",
  },
];
