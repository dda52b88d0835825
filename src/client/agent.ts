/** Agents in the terminal. Sources: each client's own documentation, and the clients themselves. */
import { ENTRY, LEAST_LIMITS, toConfigHome, toKeyCommand, toKeyLine } from "./client.ts";
import type { Client, Edit, OfferedModel, Place, Value } from "./client.ts";

/** Members of a model that are known; a client has its own names for them. */
function toKnown({ contextTokens, outputTokens }: OfferedModel, context: string, output: string): Value & object {
  return {
    ...(contextTokens === undefined ? {} : { [context]: contextTokens }),
    ...(outputTokens === undefined ? {} : { [output]: outputTokens }),
  };
}

/** opencode wants both limits or none. */
function toOpencodeModel({ id, contextTokens, outputTokens }: OfferedModel): Value {
  const limit =
    contextTokens === undefined || outputTokens === undefined ? {} : { context: contextTokens, output: outputTokens };
  return {
    name: id,
    attachment: true,
    modalities: { input: ["text", "image", "pdf"], output: ["text"] },
    ...("context" in limit ? { limit } : {}),
  };
}

const opencode: Client = {
  id: "opencode",
  name: "opencode",
  commands: ["opencode"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "~/.config/opencode/opencode.json",
    toPaths: (machine) => {
      const folder = `${toConfigHome(machine)}/opencode`;
      const given = machine.environment["OPENCODE_CONFIG"];
      return [...(given ? [given] : []), `${folder}/opencode.json`, `${folder}/opencode.jsonc`];
    },
    toEdits: ({ origin, key, keyFile, model, models }) => [
      { path: ["$schema"], value: "https://opencode.ai/config.json", when: "absent" },
      {
        path: ["provider", ENTRY],
        value: {
          npm: "@ai-sdk/openai-compatible",
          name: ENTRY,
          options: { baseURL: `${origin}/v1`, apiKey: keyFile === undefined ? key : `{file:${keyFile}}` },
          models: Object.fromEntries(models.map((held) => [held.id, toOpencodeModel(held)])),
        },
      },
      { path: ["model"], value: `${ENTRY}/${model}`, when: "chosen" },
    ],
  },
  toNext: ({ model }) => `opencode -m ${ENTRY}/${model}`,
};

const openclaw: Client = {
  id: "openclaw",
  name: "OpenClaw",
  commands: ["openclaw"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "~/.openclaw/openclaw.json",
    toPaths: ({ home, environment }) => {
      const given = environment["OPENCLAW_CONFIG_PATH"];
      return given ? [given] : [`${home}/.openclaw/openclaw.json`];
    },
    toEdits: ({ origin, key, model, models }) => [
      {
        path: ["models", "providers", ENTRY],
        value: {
          baseUrl: `${origin}/v1`,
          apiKey: key,
          api: "openai-completions",
          models: models.map(({ id, contextTokens, outputTokens }) => ({
            id,
            name: id,
            input: ["text", "image"],
            contextWindow: contextTokens ?? LEAST_LIMITS.contextTokens,
            maxTokens: outputTokens ?? LEAST_LIMITS.outputTokens,
          })),
        },
      },
      { path: ["agents", "defaults", "model", "primary"], value: `${ENTRY}/${model}`, when: "chosen" },
      ...models.map(({ id }): Edit => ({
        path: ["agents", "defaults", "models", `${ENTRY}/${id}`],
        value: {},
        when: "listed",
      })),
    ],
  },
  toNext: ({ model }) => `openclaw models set ${ENTRY}/${model}`,
};

/** codex runs a command for its key. */
const toAuth = ([command, ...args]: readonly [string, ...string[]]): Value => ({ command, args });

const codex: Client = {
  id: "codex",
  name: "codex",
  commands: ["codex"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "toml",
    where: "~/.codex/config.toml",
    toPaths: ({ home, environment }) => [`${environment["CODEX_HOME"] || `${home}/.codex`}/config.toml`],
    toEdits: ({ origin, keyFile, isWindows, model }) => [
      { path: ["model"], value: model, when: "chosen" },
      { path: ["model_provider"], value: ENTRY, when: "chosen" },
      {
        path: ["model_providers", ENTRY],
        value: {
          name: ENTRY,
          base_url: `${origin}/v1`,
          wire_api: "responses",
          ...(keyFile === undefined ? {} : { auth: toAuth(toKeyCommand(keyFile, isWindows)) }),
        },
      },
    ],
  },
  toNext: ({ model }) => `codex -c model_provider=${ENTRY} -m ${model}`,
};

const continueDev: Client = {
  id: "continue",
  name: "Continue",
  commands: ["cn"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "yaml",
    where: "~/.continue/config.yaml",
    toPaths: ({ home }) => [`${home}/.continue/config.yaml`],
    toEdits: ({ origin, key, models }) => [
      { path: ["name"], value: "Local Assistant", when: "absent" },
      { path: ["version"], value: "1.0.0", when: "absent" },
      { path: ["schema"], value: "v1", when: "absent" },
      ...models.map(({ id, contextTokens, outputTokens }): Edit => {
        const name = `${id} (${ENTRY})`;
        const options = toKnown({ id, contextTokens, outputTokens } as OfferedModel, "contextLength", "maxTokens");
        return {
          path: ["models", { key: "name", is: name }],
          value: {
            name,
            provider: "openai",
            model: id,
            apiBase: `${origin}/v1`,
            apiKey: key,
            roles: ["chat", "edit", "apply"],
            capabilities: ["tool_use", "image_input"],
            ...(Object.keys(options).length === 0 ? {} : { defaultCompletionOptions: options }),
          },
        };
      }),
    ],
  },
  toNext: () => "cn",
};

const CLINE_PROVIDER = "openai-compatible";

const cline: Client = {
  id: "cline",
  name: "cline",
  commands: ["cline"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "~/.cline/data/settings/providers.json",
    toPaths: ({ home }) => [`${home}/.cline/data/settings/providers.json`],
    toEdits: ({ origin, key, model }) => [
      { path: ["version"], value: 1, when: "absent" },
      { path: ["lastUsedProvider"], value: CLINE_PROVIDER, when: "chosen" },
      { path: ["modes"], value: {}, when: "absent" },
      {
        path: ["providers", CLINE_PROVIDER],
        value: {
          settings: { provider: CLINE_PROVIDER, apiKey: key, model, baseUrl: `${origin}/v1` },
          // cline wants a date, and writes that of its last start.
          updatedAt: "2026-01-01T00:00:00.000Z",
          tokenSource: "manual",
        },
        volatile: ["updatedAt"],
      },
    ],
  },
  toNext: ({ model }) => `cline -P ${CLINE_PROVIDER} -m ${model}`,
};

const QWEN_KEY = "CLAUDE_MAX_API_KEY";

const qwen: Client = {
  id: "qwen-code",
  name: "qwen-code",
  commands: ["qwen"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "~/.qwen/settings.json",
    toPaths: ({ home, environment }) => [`${environment["QWEN_HOME"] || `${home}/.qwen`}/settings.json`],
    toEdits: ({ origin, key, model, models }) => [
      { path: ["env", QWEN_KEY], value: key },
      ...models.map((held): Edit => {
        const name = `${held.id} (${ENTRY})`;
        const { contextTokens } = held;
        return {
          path: ["modelProviders", "openai", { key: "name", is: name }],
          value: {
            id: held.id,
            name,
            envKey: QWEN_KEY,
            baseUrl: `${origin}/v1`,
            ...(contextTokens === undefined ? {} : { generationConfig: { contextWindowSize: contextTokens } }),
          },
        };
      }),
      { path: ["security", "auth", "selectedType"], value: "openai", when: "chosen" },
      { path: ["model", "name"], value: model, when: "chosen" },
    ],
  },
  toNext: ({ model }) => `qwen -m ${model}`,
};

const pi: Client = {
  id: "pi",
  name: "pi",
  commands: ["pi"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "~/.pi/agent/models.json",
    toPaths: ({ home, environment }) => [`${environment["PI_CODING_AGENT_DIR"] || `${home}/.pi/agent`}/models.json`],
    toEdits: ({ origin, key, keyFile, isWindows, models }) => [
      {
        path: ["providers", ENTRY],
        value: {
          baseUrl: `${origin}/v1`,
          api: "openai-completions",
          apiKey: keyFile === undefined ? key : `!${toKeyLine(keyFile, isWindows)}`,
          models: models.map((held) => ({
            id: held.id,
            input: ["text", "image"],
            ...toKnown(held, "contextWindow", "maxTokens"),
          })),
        },
      },
    ],
  },
  toNext: ({ model }) => `pi --provider ${ENTRY} --model ${model}`,
};

const aider: Client = {
  id: "aider",
  name: "aider",
  commands: ["aider"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "yaml",
    where: "~/.aider.conf.yml",
    toPaths: ({ home }) => [`${home}/.aider.conf.yml`],
    toEdits: ({ origin, key, model }: Place) => [
      { path: ["openai-api-base"], value: `${origin}/v1` },
      { path: ["openai-api-key"], value: key },
      { path: ["model"], value: `openai/${model}`, when: "chosen" },
    ],
  },
  toNext: ({ model }) => `aider --model openai/${model}`,
};

/** All of them, in the order of the list. */
export const AGENTS: readonly Client[] = [opencode, openclaw, codex, continueDev, cline, qwen, pi, aider];
