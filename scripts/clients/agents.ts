/** The agents that are run: what `connect` sets up, and how each is asked without a terminal. */
import { CLI } from "../../test/helpers/cli.ts";
import { MODEL } from "./client.ts";
import type { Agent, Call } from "./client.ts";

const OWN = ".claude-max-api/connect";

const copilot = {
  type: "agent" as const,
  name: "GitHub Copilot CLI",
  id: "copilot",
  packages: ["@github/copilot@1.0.102"],
  file: "copilot",
  variables: `${OWN}/copilot.sh`,
  toArgs: ({ prompt, isNext }: Call) => [
    ...(isNext ? ["--continue"] : []),
    ...["-p", prompt, "--allow-all-tools", "--allow-all-paths", "--no-color"],
  ],
};

/** Agents, in the order of the table. */
export const AGENTS: readonly Agent[] = [
  {
    type: "agent",
    name: "Claude Code",
    id: "claude-code",
    protocol: "messages",
    packages: [],
    file: CLI,
    toEnvironment: () => ({ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" }),
    toArgs: ({ home, prompt, isNext }) => [
      ...["--settings", `${home}/${OWN}/claude-code.json`, "-p", prompt, "--allowedTools", "Bash"],
      ...(isNext ? ["--continue"] : []),
    ],
  },
  {
    type: "agent",
    name: "codex",
    id: "codex",
    protocol: "responses",
    packages: ["@openai/codex@0.169.0"],
    file: "codex",
    toArgs: ({ prompt, isNext }) => [
      ...["exec", ...(isNext ? ["resume", "--last"] : []), "--skip-git-repo-check"],
      ...["--dangerously-bypass-approvals-and-sandbox", prompt],
    ],
  },
  {
    type: "agent",
    name: "opencode",
    id: "opencode",
    protocol: "chat",
    packages: ["opencode-ai@1.18.33"],
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
    type: "agent",
    name: "OpenClaw",
    id: "openclaw",
    protocol: "chat",
    packages: ["openclaw@2026.9.6"],
    file: "openclaw",
    files: {
      ".openclaw/openclaw.json": '{\n  // Nobody is there to be asked.\n  tools: { exec: { mode: "full" } },\n}\n',
    },
    toEnvironment: () => ({ OPENCLAW_OFFLINE: "1", OPENCLAW_NO_AUTO_UPDATE: "1" }),
    toArgs: ({ prompt }) => ["agent", "--local", "--agent", "main", "--message", prompt],
    prompts: 5,
    exception: { from: 3, why: "its context follows each message and leaves the history: foretold once seen" },
  },
  {
    type: "agent",
    name: "qwen-code",
    id: "qwen-code",
    protocol: "chat",
    packages: ["@qwen-code/qwen-code@0.24.4"],
    file: "qwen",
    toArgs: ({ prompt, isNext }) => [...(isNext ? ["--continue"] : []), "--yolo", "-p", prompt],
    prompts: 5,
    exception: {
      from: 4,
      why: "the date before each prompt leaves the history with the next one: foretold once seen",
    },
  },
  {
    type: "agent",
    name: "Continue",
    id: "continue",
    protocol: "chat",
    packages: ["@continuedev/cli@1.5.47"],
    file: "cn",
    toArgs: ({ prompt, isNext }) => ["--auto", ...(isNext ? ["--resume"] : []), "-p", prompt],
  },
  {
    type: "agent",
    name: "pi",
    id: "pi",
    protocol: "chat",
    packages: ["@mariozechner/pi-coding-agent@0.73.1"],
    file: "pi",
    toEnvironment: () => ({ PI_OFFLINE: "1" }),
    toArgs: ({ prompt, isNext }) => [
      ...(isNext ? ["--continue"] : []),
      ...["--provider", "claude-max-api", "--model", MODEL, "-p", prompt],
    ],
  },
  {
    type: "agent",
    name: "cline",
    id: "cline",
    protocol: "chat",
    packages: ["cline@3.0.65"],
    file: "cline",
    toArgs: ({ prompt }) => [prompt],
    // Without a terminal it begins anew with each prompt.
    prompts: 1,
  },
];
