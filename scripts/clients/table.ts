/** The clients that are run: how each is set up for a server, and how it is asked without a terminal. */
import { CLI } from "../../test/helpers/cli.ts";

/** A file of the client's home, by its path there, and its text. */
export type Files = Readonly<Record<string, string>>;

/**
 * What a client needs to know of a server. The table's own `setUp` can be replaced by any other function of this shape.
 */
export interface SetUp {
  readonly files: Files;
  readonly env: Readonly<Record<string, string>>;
}

export interface Client {
  readonly name: string;
  readonly protocol: "chat" | "responses" | "messages";
  /** The package at its pinned version; none for what the checkout has anyway. */
  readonly spec?: string;
  /** The executable below `node_modules/.bin`, or a path. */
  readonly file: string;
  readonly setUp: (url: string) => SetUp;
  /** Arguments for a prompt; `isNext` goes on from the one before. */
  readonly toArgs: (prompt: string, isNext: boolean) => readonly string[];
  /** Reason for which its second turn cannot find the process of the first; then a replay is no failure. */
  readonly whyCold?: string;
}

const MODEL = "claude-sonnet-4";
const none: Files = {};
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const copilot = (url: string, extra: Readonly<Record<string, string>>): SetUp => ({
  files: none,
  env: {
    COPILOT_PROVIDER_BASE_URL: url,
    COPILOT_PROVIDER_API_KEY: "unused",
    COPILOT_MODEL: MODEL,
    COPILOT_OFFLINE: "true",
    ...extra,
  },
});

const toCopilotArgs: Client["toArgs"] = (prompt, isNext) => [
  ...(isNext ? ["--continue"] : []),
  "-p",
  prompt,
  "--allow-all-tools",
  "--allow-all-paths",
  "--no-color",
];

export const CLIENTS: readonly Client[] = [
  {
    name: "Claude Code",
    protocol: "messages",
    file: CLI,
    setUp: (url) => ({
      files: none,
      env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: "unused", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
    }),
    toArgs: (prompt, isNext) => ["-p", prompt, "--allowedTools", "Bash", ...(isNext ? ["--continue"] : [])],
  },
  {
    name: "codex",
    protocol: "responses",
    spec: "@openai/codex@0.169.0",
    file: "codex",
    setUp: (url) => ({
      files: {
        ".codex/config.toml": [
          `model = "${MODEL}"`,
          'model_provider = "claude-max-api"',
          "[model_providers.claude-max-api]",
          'name = "claude-max-api"',
          `base_url = "${url}/v1"`,
          'wire_api = "responses"',
          "",
        ].join("\n"),
      },
      env: {},
    }),
    toArgs: (prompt, isNext) => [
      "exec",
      ...(isNext ? ["resume", "--last"] : []),
      "--skip-git-repo-check",
      "--dangerously-bypass-approvals-and-sandbox",
      prompt,
    ],
  },
  {
    name: "opencode",
    protocol: "chat",
    spec: "opencode-ai@1.18.33",
    file: "opencode",
    setUp: (url) => ({
      files: {
        ".config/opencode/opencode.json": json({
          $schema: "https://opencode.ai/config.json",
          autoupdate: false,
          provider: {
            "claude-max-api": {
              npm: "@ai-sdk/openai-compatible",
              name: "claude-max-api",
              options: { baseURL: `${url}/v1`, apiKey: "unused" },
              models: { [MODEL]: {} },
            },
          },
          permission: "allow",
        }),
      },
      env: {},
    }),
    toArgs: (prompt, isNext) => ["run", ...(isNext ? ["--continue"] : []), "-m", `claude-max-api/${MODEL}`, prompt],
  },
  {
    name: "GitHub Copilot CLI",
    protocol: "chat",
    spec: "@github/copilot@1.0.102",
    file: "copilot",
    setUp: (url) => copilot(`${url}/v1`, {}),
    toArgs: toCopilotArgs,
  },
  {
    name: "GitHub Copilot CLI",
    protocol: "messages",
    spec: "@github/copilot@1.0.102",
    file: "copilot",
    setUp: (url) => copilot(url, { COPILOT_PROVIDER_TYPE: "anthropic" }),
    toArgs: toCopilotArgs,
  },
  {
    name: "qwen-code",
    protocol: "chat",
    spec: "@qwen-code/qwen-code@0.24.4",
    file: "qwen",
    setUp: (url) => ({
      files: { ".qwen/settings.json": json({ security: { auth: { selectedType: "openai" } } }) },
      env: { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: "unused", OPENAI_MODEL: MODEL },
    }),
    toArgs: (prompt, isNext) => [...(isNext ? ["--continue"] : []), "--yolo", "-p", prompt],
    whyCold: "its date reminder stands before the prompt and leaves the history",
  },
  {
    name: "Continue",
    protocol: "chat",
    spec: "@continuedev/cli@1.5.47",
    file: "cn",
    setUp: (url) => ({
      files: {
        ".continue/config.yaml": [
          "name: claude-max-api",
          "version: 1.0.0",
          "schema: v1",
          "models:",
          "  - name: claude",
          "    provider: openai",
          `    model: ${MODEL}`,
          `    apiBase: ${url}/v1`,
          "    apiKey: unused",
          "    roles: [chat]",
          "    capabilities: [tool_use]",
          "",
        ].join("\n"),
      },
      env: {},
    }),
    toArgs: (prompt, isNext) => ["--auto", ...(isNext ? ["--resume"] : []), "-p", prompt],
  },
  {
    name: "pi",
    protocol: "chat",
    spec: "@mariozechner/pi-coding-agent@0.73.1",
    file: "pi",
    setUp: (url) => ({
      files: {
        ".pi/agent/models.json": json({
          providers: {
            "claude-max-api": {
              baseUrl: `${url}/v1`,
              api: "openai-completions",
              apiKey: "unused",
              models: [{ id: MODEL }],
            },
          },
        }),
      },
      env: { PI_OFFLINE: "1" },
    }),
    toArgs: (prompt, isNext) => [
      ...(isNext ? ["--continue"] : []),
      "--provider",
      "claude-max-api",
      "--model",
      MODEL,
      "-p",
      prompt,
    ],
  },
];
