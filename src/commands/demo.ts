/** The echo model: a small Messages API on loopback, for trying the server with no account and no network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { STRUCTURED_TOOL } from "../cli/protocol/name.ts";
import { listen } from "../http/server.ts";
import { isObject } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";
import { createCutter, createStandIn, formatBlock, formatEnd, formatStart } from "./standin.ts";
import type { StandInCall } from "./standin.ts";

/** The running echo model. */
export interface Demo {
  /** The environment that makes the CLI ask the echo model, and no one else. */
  readonly environment: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** Between words, so that streaming can be seen. */
const WORD_MS = 15;
/** About as many characters as one token. */
const TOKEN_LENGTH = 4;

/** Begins a part of a user's message that older models are told by the CLI itself (P16). */
const NOTE = "<system-reminder>";

/** The text of the last thing the user said, without the CLI's own notes. */
function toLastText(body: JsonObject): string {
  const messages: unknown = body["messages"];
  const said = Array.isArray(messages)
    ? messages.filter((message) => isObject(message) && message["role"] === "user")
    : [];
  const content: unknown = said.at(-1)?.["content"];
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((part: unknown) => (isObject(part) && typeof part["text"] === "string" ? [part["text"]] : []))
    .filter((text) => !text.startsWith(NOTE))
    .join("\n");
}

/** A small value that fits the usual kinds of schema. */
function toSample(schema: unknown, text: string): unknown {
  if (!isObject(schema)) return text;
  if ("const" in schema) return schema["const"];
  const { type, properties, enum: words, anyOf } = schema;
  if (Array.isArray(words)) return words[0];
  if (Array.isArray(anyOf)) return toSample(anyOf[0], text);
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return Object.fromEntries(
        Object.entries(isObject(properties) ? properties : {}).map(([key, held]) => [key, toSample(held, text)]),
      );
    case "array":
      return Number(schema["minItems"] ?? 0) > 0 ? [toSample(schema["items"], text)] : [];
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return text;
  }
}

interface Answer {
  readonly block: JsonObject;
  readonly deltas: readonly JsonObject[];
  readonly stopReason: string;
  readonly sequence?: string;
}

function toEcho(text: string, body: JsonObject): Answer {
  const { text: shown, met } = createCutter(body).push(text);
  const words = (met === undefined ? text : shown).match(/\s*\S+\s*$|\s*\S+/g) ?? (met === undefined ? ["…"] : []);
  const deltas = words.map((word) => ({ type: "text_delta", text: word }));
  const block = { type: "text", text: "" };
  return met === undefined
    ? { block, deltas, stopReason: "end_turn" }
    : { block, deltas, stopReason: "stop_sequence", sequence: met };
}

/** A sample of the structured output the CLI asks for, if any; else the user's own words. */
function toAnswer(body: JsonObject): Answer {
  const text = toLastText(body);
  const tools: unknown = body["tools"];
  const structured: unknown = Array.isArray(tools)
    ? tools.find((tool) => isObject(tool) && tool["name"] === STRUCTURED_TOOL)
    : undefined;
  if (!isObject(structured)) return toEcho(text, body);
  const json = JSON.stringify(toSample(structured["input_schema"], text));
  const block = { type: "tool_use", id: "toolu_demo", name: STRUCTURED_TOOL, input: {} };
  return { block, deltas: [{ type: "input_json_delta", partial_json: json }], stopReason: "tool_use" };
}

async function answer({ response, body }: StandInCall): Promise<void> {
  const { block, deltas, stopReason, sequence } = toAnswer(body);
  const usage = { input_tokens: Math.ceil(JSON.stringify(body["messages"]).length / TOKEN_LENGTH), output_tokens: 1 };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(formatStart({ id: "msg_demo", model: String(body["model"]), usage }));
  for (const frame of formatBlock(0, block, deltas)) {
    if (response.destroyed) return;
    response.write(frame);
    await delay(WORD_MS);
  }
  response.end(formatEnd(stopReason, deltas.length, sequence));
}

/** Starts the echo model. The CLI gets a configuration folder of its own, so the user's login is not even seen. */
export async function startDemo(environment: NodeJS.ProcessEnv): Promise<Demo> {
  const listener = await listen(createStandIn(answer), "127.0.0.1", 0);
  const folder = await mkdtemp(join(tmpdir(), "claude-max-api-demo-"));
  const kept = Object.entries(environment).filter(([name]) => !/^(ANTHROPIC_|CLAUDE_)/.test(name));
  return {
    environment: {
      ...Object.fromEntries(kept),
      ANTHROPIC_BASE_URL: listener.url,
      ANTHROPIC_API_KEY: "demo",
      CLAUDE_CONFIG_DIR: folder,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
    },
    async close() {
      listener.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
