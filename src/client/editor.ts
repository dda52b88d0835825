/** Editors and chat interfaces. Sources: each client's own documentation. */
import { ENTRY, LEAST_LIMITS, lines, toConfigHome, toShellKey } from "./client.ts";
import type { Client, Machine, Place, TextSetup } from "./client.ts";

const zed: Client = {
  id: "zed",
  name: "Zed",
  commands: ["zed", "zeditor", "/Applications/Zed.app"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "~/.config/zed/settings.json",
    toPaths: (machine) => {
      const { home, platform, environment } = machine;
      if (platform === "win32") return [`${environment["APPDATA"] || `${home}/AppData/Roaming`}/Zed/settings.json`];
      return [`${platform === "darwin" ? `${home}/.config` : toConfigHome(machine)}/zed/settings.json`];
    },
    toEdits: ({ origin, model, models }) => [
      {
        path: ["language_models", "openai_compatible", ENTRY],
        value: {
          api_url: `${origin}/v1`,
          available_models: models.map(({ id, contextTokens, outputTokens }) => ({
            name: id,
            display_name: id,
            max_tokens: contextTokens ?? LEAST_LIMITS.contextTokens,
            max_output_tokens: outputTokens ?? LEAST_LIMITS.outputTokens,
            capabilities: { tools: true, images: true, parallel_tool_calls: true, prompt_cache_key: false },
          })),
        },
      },
      { path: ["agent", "default_model"], value: { provider: ENTRY, model }, when: "chosen" },
    ],
  },
  toNext: ({ keyFile }) =>
    `In Zed, agent: open settings, LLM Providers, ${ENTRY}: give the key, ` +
    (keyFile === undefined ? "any text" : `which is in ${keyFile}`),
};

const CODE_FOLDERS = ["Code", "Code - Insiders", "VSCodium"];

function toCodePaths({ home, platform, environment }: Machine): string[] {
  const bases: Readonly<Record<string, string>> = {
    darwin: `${home}/Library/Application Support`,
    win32: environment["APPDATA"] || `${home}/AppData/Roaming`,
  };
  const base = bases[platform] ?? (environment["XDG_CONFIG_HOME"] || `${home}/.config`);
  return CODE_FOLDERS.map((folder) => `${base}/${folder}/User/chatLanguageModels.json`);
}

const vscode: Client = {
  id: "vscode",
  name: "VS Code",
  commands: ["code", "code-insiders", "codium", "/Applications/Visual Studio Code.app"],
  isConnectable: true,
  setup: {
    type: "file",
    format: "json",
    where: "chatLanguageModels.json in VS Code's User folder (Chat: Manage Language Models)",
    toPaths: toCodePaths,
    toEdits: ({ origin, key, models }) => [
      {
        path: [{ key: "name", is: ENTRY }],
        value: {
          name: ENTRY,
          vendor: "customendpoint",
          apiKey: key,
          apiType: "chat-completions",
          models: models.map(({ id, contextTokens, outputTokens }) => ({
            id,
            name: id,
            url: `${origin}/v1/chat/completions`,
            toolCalling: true,
            vision: true,
            maxInputTokens: contextTokens ?? LEAST_LIMITS.contextTokens,
            maxOutputTokens: outputTokens ?? LEAST_LIMITS.outputTokens,
          })),
        },
      },
    ],
  },
  toNext: () => "In VS Code, choose the model in the chat's model picker",
};

/** The address of this machine as a container of Docker's sees it. */
const toContainerOrigin = (origin: string): string => origin.replace(/\/\/[^:/]+/, "//host.docker.internal");

const webui: TextSetup = {
  type: "text",
  where: "In a terminal; start the server with --host 0.0.0.0, a key, and --allow-host host.docker.internal",
  toText: (place) =>
    lines(
      "docker run -d -p 3000:8080 --add-host=host.docker.internal:host-gateway \\",
      "  -v open-webui:/app/backend/data --name open-webui \\",
      `  -e OPENAI_API_BASE_URL=${toContainerOrigin(place.origin)}/v1 \\`,
      `  -e OPENAI_API_KEY=${toShellKey(place)} \\`,
      "  ghcr.io/open-webui/open-webui:main",
    ),
};

const toHomeAssistant = ({ origin }: Place): string => {
  const port = /:(\d+)$/.exec(origin)?.[1] ?? "3456";
  return lines(
    "1. Home Assistant's Ollama integration sends no key, so let it reach the server through a private network alone:",
    "   with both on one machine, any port does; else a tunnel, such as ssh -L, to this one.",
    "2. Settings, Devices & services, Add integration, Ollama.",
    `3. URL: http://localhost:${port}`,
    "4. Model: claude-haiku-4:latest, or any other of the list.",
    "5. Settings, Voice assistants: choose the new conversation agent.",
  );
};

/** All of them, in the order of the list. */
export const EDITORS: readonly Client[] = [
  zed,
  vscode,
  { id: "open-webui", name: "Open WebUI", commands: [], isConnectable: true, setup: webui },
  {
    id: "home-assistant",
    name: "Home Assistant",
    commands: [],
    isConnectable: true,
    setup: { type: "text", where: "In Home Assistant", toText: toHomeAssistant },
  },
];
