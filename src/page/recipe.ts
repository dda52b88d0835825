/** Settings for clients, ready to paste. Pure: addresses and key are given. */

/** Values that a recipe is filled in with. */
export interface Place {
  /** The server's address without a path, such as `http://localhost:3456`. */
  readonly origin: string;
  readonly key: string;
  readonly model: string;
}

/** One client's settings. */
export interface Recipe {
  readonly name: string;
  /** The file they go into, or what is done with them. */
  readonly where: string;
  toText(place: Place): string;
}

const lines = (...texts: readonly string[]): string => texts.join("\n");
const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

/** The clients in the order of the page. */
export const RECIPES: readonly Recipe[] = [
  {
    name: "curl",
    where: "In a terminal",
    toText: ({ origin, key, model }) =>
      lines(
        `curl ${origin}/v1/chat/completions \\`,
        `  -H 'content-type: application/json' -H 'authorization: Bearer ${key}' \\`,
        `  -d '${JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] })}'`,
      ),
  },
  {
    name: "OpenAI SDK",
    where: "For every program that reads OpenAI's variables",
    toText: ({ origin, key }) => lines(`export OPENAI_BASE_URL=${origin}/v1`, `export OPENAI_API_KEY=${key}`),
  },
  {
    name: "Anthropic SDK",
    where: "For every program that reads Anthropic's variables",
    toText: ({ origin, key }) => lines(`export ANTHROPIC_BASE_URL=${origin}`, `export ANTHROPIC_API_KEY=${key}`),
  },
  {
    name: "Claude Code",
    where: "In a terminal",
    toText: ({ origin, key }) => `ANTHROPIC_BASE_URL=${origin} ANTHROPIC_AUTH_TOKEN=${key} claude`,
  },
  {
    name: "opencode",
    where: "opencode.json",
    toText: ({ origin, key, model }) =>
      json({
        $schema: "https://opencode.ai/config.json",
        provider: {
          "claude-max-api": {
            npm: "@ai-sdk/openai-compatible",
            name: "claude-max-api",
            options: { baseURL: `${origin}/v1`, apiKey: key },
            models: { [model]: { name: model } },
          },
        },
        model: `claude-max-api/${model}`,
      }),
  },
  {
    name: "codex",
    where: "~/.codex/config.toml",
    toText: ({ origin, model }) =>
      lines(
        `model = "${model}"`,
        `model_provider = "claude-max-api"`,
        "",
        "[model_providers.claude-max-api]",
        `name = "claude-max-api"`,
        `base_url = "${origin}/v1"`,
        `wire_api = "responses"`,
      ),
  },
  {
    name: "OpenClaw",
    where: "~/.openclaw/openclaw.json",
    toText: ({ origin, key, model }) =>
      json({
        models: {
          providers: {
            "claude-max-api": {
              baseUrl: `${origin}/v1`,
              apiKey: key,
              api: "openai-completions",
              models: [{ id: model, name: model, input: ["text", "image"], contextWindow: 200_000, maxTokens: 32_000 }],
            },
          },
        },
        agents: { defaults: { model: { primary: `claude-max-api/${model}` } } },
      }),
  },
  {
    name: "Copilot CLI",
    where: "In a terminal",
    toText: ({ origin, key, model }) =>
      lines(
        `export COPILOT_PROVIDER_BASE_URL=${origin}/v1 COPILOT_PROVIDER_API_KEY=${key}`,
        `export COPILOT_MODEL=${model} COPILOT_OFFLINE=true`,
        "copilot",
      ),
  },
  {
    name: "Continue",
    where: "~/.continue/config.yaml",
    toText: ({ origin, key, model }) =>
      lines(
        "name: local",
        "version: 0.0.1",
        "schema: v1",
        "models:",
        "  - name: Claude",
        "    provider: openai",
        `    model: ${model}`,
        `    apiBase: ${origin}/v1`,
        `    apiKey: ${key}`,
        "    roles: [chat, edit, apply]",
      ),
  },
  {
    name: "aider",
    where: "In a terminal",
    toText: ({ origin, key, model }) =>
      lines(`export OPENAI_API_BASE=${origin}/v1 OPENAI_API_KEY=${key}`, `aider --model openai/${model}`),
  },
  {
    name: "Open WebUI",
    where: "In a terminal; start the server with --host 0.0.0.0, a key, and --allow-host host.docker.internal",
    toText: ({ origin, key }) =>
      lines(
        "docker run -p 3000:8080 --add-host=host.docker.internal:host-gateway \\",
        `  -e OPENAI_API_BASE_URL=${origin.replace(/\/\/[^:/]+/, "//host.docker.internal")}/v1 \\`,
        `  -e OPENAI_API_KEY=${key} \\`,
        "  ghcr.io/open-webui/open-webui:main",
      ),
  },
];
