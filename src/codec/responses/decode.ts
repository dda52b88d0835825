/** A Responses request, narrowed field by field. */
import { ProxyError } from "../../core/error.ts";
import type { Format, Turn } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import {
  optional,
  refuse,
  toArray,
  toBody,
  toBoolean,
  toCount,
  toFilledText,
  toObject,
  toOneOf,
  toText,
} from "../check.ts";
import type { Earlier, Recall } from "../codec.ts";
import { toSystem } from "../part.ts";
import { refuseSet, DEFAULT_EFFORT, toEffortSetting, toIgnored, toSchema } from "../setting.ts";
import type { EffortSetting } from "../setting.ts";
import { toEcho } from "./echo.ts";
import { toInput, toItems } from "./input.ts";
import { toTools } from "./tool.ts";
import type { ResponsesTools } from "./tool.ts";
import type { RequestFields } from "./wire.ts";

/** Fields that are honoured, or that ask for nothing. */
const KNOWN = new Set([
  ...[
    "model",
    "input",
    "instructions",
    "previous_response_id",
    "store",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
  ],
  ...[
    "parallel_tool_calls",
    "text",
    "reasoning",
    "max_output_tokens",
    "truncation",
    "metadata",
    "include",
    "background",
  ],
  ...[
    "prompt_cache_key",
    "prompt_cache_retention",
    "client_metadata",
    "safety_identifier",
    "user",
    "service_tier",
    "top_logprobs",
  ],
]);

const MOST_METADATA = 16;

/** Refuses what would change the meaning of the answer if it were left out. */
function refuseUnserved(body: JsonObject): void {
  if (optional(body["background"], "background", toBoolean))
    refuse("background", "answers are given while the client waits");
  refuseSet(body, "conversation", "conversations are not kept here: send previous_response_id or the whole input");
  refuseSet(body, "prompt", "stored prompts are not kept here: send the text itself");
  if (body["top_logprobs"] !== 0) refuseSet(body, "top_logprobs", "log probabilities cannot be given");
}

function toFormat(value: unknown, path: string): Format {
  const format = toObject(value, path);
  switch (toOneOf(["text", "json_object", "json_schema"])(format["type"], `${path}.type`)) {
    case "text":
      return { type: "text" };
    case "json_object":
      return { type: "json", schema: { type: "object" } };
    case "json_schema":
      return { type: "json", schema: toSchema(format["schema"], `${path}.schema`) };
  }
}

function toMetadata(value: unknown, path: string): JsonObject {
  const metadata = toObject(value, path);
  const pairs = Object.entries(metadata);
  if (pairs.length > MOST_METADATA) refuse(path, `expected at most ${MOST_METADATA} pairs`);
  for (const [key, held] of pairs) toText(held, `${path}.${key.slice(0, 64)}`);
  return metadata;
}

function findEarlier(value: unknown, recall: Recall): Earlier | undefined {
  const path = "previous_response_id";
  const id = optional(value, path, toFilledText);
  if (id === undefined) return undefined;
  const earlier = recall(id);
  if (earlier) return earlier;
  throw new ProxyError("not_found", `Cannot find ${path}: ${id.slice(0, 100)} is not kept, or no longer`, {
    param: path,
  });
}

interface Settings {
  readonly text: JsonObject;
  readonly reasoning: JsonObject;
  readonly ignored: readonly string[];
}

/** What is asked for in groups, and which of it cannot be honoured. */
function readSettings(body: JsonObject): Settings {
  const text = optional(body["text"], "text", toObject) ?? {};
  const reasoning = optional(body["reasoning"], "reasoning", toObject) ?? {};
  const include = optional(body["include"], "include", toArray) ?? [];
  const truncation = optional(body["truncation"], "truncation", toOneOf(["auto", "disabled"]));
  return {
    text,
    reasoning,
    ignored: [
      ...toIgnored(body, KNOWN),
      ...toIgnored(text, new Set(["format"]), "text."),
      ...toIgnored(reasoning, new Set(["effort", "summary", "generate_summary"]), "reasoning."),
      ...(include.length > 0 ? ["include"] : []),
      ...(truncation === "auto" ? ["truncation"] : []),
    ],
  };
}

/** `effort` says how hard the model thinks, and `none` that it does not; a summary that is asked for shows the thinking. */
function toReasoning(reasoning: JsonObject): EffortSetting {
  const older = optional(reasoning["generate_summary"], "reasoning.generate_summary", toText);
  const summary = optional(reasoning["summary"], "reasoning.summary", toText) ?? older ?? "none";
  const mode = summary === "none" ? "default" : "shown";
  const read = (value: unknown, path: string): EffortSetting => toEffortSetting(value, path, mode);
  return (
    optional(reasoning["effort"], "reasoning.effort", read) ?? { effort: DEFAULT_EFFORT.effort, thinking: { mode } }
  );
}

/** The request as its response repeats it: defaults filled in, as the API does. */
function toRequestFields(body: JsonObject, { text, reasoning }: Settings, tools: ResponsesTools): RequestFields {
  const readText = (name: string): string | null => optional(body[name], name, toText) ?? null;
  const readNumber = (name: string): number => (typeof body[name] === "number" ? body[name] : 1);
  const user = readText("user");
  return {
    instructions: readText("instructions"),
    max_output_tokens: optional(body["max_output_tokens"], "max_output_tokens", toCount) ?? null,
    metadata: optional(body["metadata"], "metadata", toMetadata) ?? {},
    parallel_tool_calls: optional(body["parallel_tool_calls"], "parallel_tool_calls", toBoolean) ?? true,
    previous_response_id: readText("previous_response_id"),
    prompt_cache_key: readText("prompt_cache_key"),
    reasoning: {
      effort: optional(reasoning["effort"], "reasoning.effort", toText) ?? null,
      summary: optional(reasoning["summary"], "reasoning.summary", toText) ?? null,
    },
    safety_identifier: readText("safety_identifier"),
    store: optional(body["store"], "store", toBoolean) ?? true,
    temperature: readNumber("temperature"),
    text: { ...text, format: text["format"] ?? { type: "text" } },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: tools.echo,
    top_p: readNumber("top_p"),
    truncation: readText("truncation") ?? "disabled",
    ...(user === null ? {} : { user }),
  };
}

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field; `not_found` for an earlier response that is not kept. */
export function decode(value: unknown, recall: Recall): Turn {
  const body = toBody(value);
  refuseUnserved(body);
  const tools = toTools(body);
  const settings = readSettings(body);
  const request = toRequestFields(body, settings, tools);
  const items = toItems(body["input"]);
  const { messages, systems } = toInput(items, findEarlier(body["previous_response_id"], recall));
  return {
    model: toFilledText(body["model"], "model"),
    system: toSystem([request.instructions ?? "", ...systems]),
    messages,
    tools: tools.tools,
    toolChoice: tools.toolChoice,
    webSearch: tools.webSearch,
    parallelCalls: request.parallel_tool_calls,
    ...toReasoning(settings.reasoning),
    maxTokens: request.max_output_tokens ?? undefined,
    stop: [],
    format: optional(settings.text["format"], "text.format", toFormat) ?? { type: "text" },
    stream: optional(body["stream"], "stream", toBoolean) ?? false,
    keep: request.store,
    ignored: [...settings.ignored, ...tools.ignored],
    echo: toEcho({ request, systems, input: items }),
  };
}
