/** Recipes for libraries, and for programs that are set up in a window of their own. */
import { lines, quote, toShellKey } from "./client.ts";
import type { Client, Place } from "./client.ts";
import { formatYamlText } from "./format.ts";

function make(id: string, name: string, where: string, toText: (place: Place) => string): Client {
  return { id, name, commands: [], isConnectable: false, setup: { type: "text", where, toText } };
}

/** The header with the key, as a word for a shell. */
function toBearer({ key, keyFile }: Place): string {
  const header = "authorization: Bearer ";
  return keyFile === undefined ? quote(header + key) : `"${header}$(cat ${quote(keyFile)})"`;
}

const SHELL = "In a terminal";

/** Shown first, as they need no file. */
export const BASICS: readonly Client[] = [
  make("curl", "curl", SHELL, (place) =>
    lines(
      `curl ${place.origin}/v1/chat/completions \\`,
      `  -H 'content-type: application/json' -H ${toBearer(place)} \\`,
      `  -d '${JSON.stringify({ model: place.model, messages: [{ role: "user", content: "Hello!" }] })}'`,
    ),
  ),
  make("openai-sdk", "OpenAI SDK", "For every program that reads OpenAI's variables", (place) =>
    lines(`export OPENAI_BASE_URL=${place.origin}/v1`, `export OPENAI_API_KEY=${toShellKey(place)}`),
  ),
  make("anthropic-sdk", "Anthropic SDK", "For every program that reads Anthropic's variables", (place) =>
    lines(`export ANTHROPIC_BASE_URL=${place.origin}`, `export ANTHROPIC_API_KEY=${toShellKey(place)}`),
  ),
];

/** Shown last. */
export const OTHERS: readonly Client[] = [
  make("claude-agent-sdk", "Claude Agent SDK", "In JavaScript: options of query()", ({ origin, key, model }) =>
    lines(
      `const env = { ANTHROPIC_BASE_URL: "${origin}", ANTHROPIC_AUTH_TOKEN: ${JSON.stringify(key)} };`,
      `query({ prompt: "Hello", options: { model: "${model}", env } });`,
    ),
  ),
  make("langchain", "LangChain", "In Python", ({ origin, key, model }) =>
    lines(
      "from langchain_openai import ChatOpenAI",
      `model = ChatOpenAI(base_url="${origin}/v1", api_key=${JSON.stringify(key)}, model="${model}")`,
    ),
  ),
  make("ollama", "Ollama clients", "For programs that know Ollama's address alone", ({ origin }) =>
    lines(`export OLLAMA_HOST=${origin}`, "# or serve where they look for it: claude-max-api --port 11434"),
  ),
  make("jetbrains", "JetBrains AI Assistant", "Settings, Tools, AI Assistant, Models", ({ origin, model }) =>
    lines("Third-party AI providers: OpenAI API", `URL: ${origin}/v1`, `Core features: ${model}`),
  ),
  make("xcode", "Xcode", "Settings, Intelligence, Add a Model Provider", ({ origin }) =>
    lines("Internet Hosted", `URL: ${origin}`, "API Key: your key, or any text", "API Key Header: x-api-key"),
  ),
  make("obsidian", "Obsidian", "Plugins such as Copilot: start the server with --allow-origin", ({ origin, model }) =>
    lines("claude-max-api --allow-origin app://obsidian.md", `Base URL: ${origin}/v1`, `Model: ${model}`),
  ),
  make("librechat", "LibreChat", "librechat.yaml", ({ origin, key, model }) =>
    lines(
      "endpoints:",
      "  custom:",
      "    - name: claude-max-api",
      `      apiKey: ${formatYamlText(key)}`,
      `      baseURL: ${origin.replace(/\/\/[^:/]+/, "//host.docker.internal")}/v1`,
      "      models:",
      `        default: [${model}]`,
      "        fetch: true",
      "      titleConvo: true",
      "      titleModel: claude-haiku-4",
    ),
  ),
  make("raycast", "Raycast", "~/.config/raycast/ai/providers.yaml", ({ origin, key, models }) =>
    lines(
      "providers:",
      "  - id: claude-max-api",
      "    name: claude-max-api",
      `    base_url: ${origin}/v1`,
      "    api_keys:",
      `      openai: ${formatYamlText(key)}`,
      "    models:",
      ...models.flatMap(({ id, contextTokens }) => [
        `      - id: ${id}`,
        `        name: ${id}`,
        `        context: ${contextTokens ?? 200_000}`,
      ]),
    ),
  ),
  make("n8n", "n8n", "Credentials, OpenAI", ({ origin }) =>
    lines("API Key: your key, or any text", `Base URL: ${origin}/v1`, "Model: by id, claude-sonnet-4"),
  ),
];
