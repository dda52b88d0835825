/** A chat request, narrowed field by field. */
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
import { DEFAULT_EFFORT, toEffortSetting, toIgnored, toSchema, toStopList } from "../setting.ts";
import type { EffortSetting } from "../setting.ts";
import { toEcho } from "./echo.ts";
import { toConversation } from "./message.ts";
import { toTools } from "./tool.ts";

/** Fields that are honoured, or that ask for nothing. */
const KNOWN = new Set([
  ...[
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "stop",
  ],
  ...[
    "response_format",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
    "web_search_options",
  ],
  ...["n", "logprobs", "top_logprobs", "modalities", "audio", "user", "metadata", "store"],
]);

/** Refuses what would change the meaning of the answer if it were left out. */
function refuseUnserved(body: JsonObject): void {
  const { n, logprobs, modalities, audio, top_logprobs: topLogprobs } = body;
  if (n !== undefined && n !== null && n !== 1) refuse("n", "only 1 answer can be given");
  if (logprobs !== undefined && logprobs !== null && logprobs !== false)
    refuse("logprobs", "log probabilities cannot be given");
  if (topLogprobs !== undefined && topLogprobs !== null && topLogprobs !== 0)
    refuse("top_logprobs", "log probabilities cannot be given");
  if (audio !== undefined && audio !== null) refuse("audio", "audio cannot be given");
  const kinds = optional(modalities, "modalities", toArray) ?? [];
  if (kinds.some((kind) => kind !== "text")) refuse("modalities", 'only "text" can be given');
}

function toStop(value: unknown, path: string): string[] {
  return typeof value === "string" ? [toFilledText(value, path)] : toStopList(4)(value, path);
}

function toFormat(value: unknown, path: string): Format {
  const format = toObject(value, path);
  switch (toOneOf(["text", "json_object", "json_schema"])(format["type"], `${path}.type`)) {
    case "text":
      return { type: "text" };
    case "json_object":
      return { type: "json", schema: optional(format["schema"], `${path}.schema`, toSchema) ?? { type: "object" } };
    case "json_schema":
      return {
        type: "json",
        schema: toSchema(
          toObject(format["json_schema"], `${path}.json_schema`)["schema"],
          `${path}.json_schema.schema`,
        ),
      };
  }
}

/** A client that chooses an effort reads the thinking too: it comes as `reasoning_content`. */
const toShownEffort = (value: unknown, path: string): EffortSetting => toEffortSetting(value, path, "shown");

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field. */
export function decode(value: unknown): Turn {
  const body = toBody(value);
  refuseUnserved(body);
  const { tools, toolChoice, isLegacy, ignored } = toTools(body);
  const streamOptions = optional(body["stream_options"], "stream_options", toObject) ?? {};
  const includeUsage = optional(streamOptions["include_usage"], "stream_options.include_usage", toBoolean) ?? false;
  const includeProgress =
    optional(streamOptions["include_progress"], "stream_options.include_progress", toBoolean) ?? false;
  optional(body["user"], "user", toText);
  const maxTokens = optional(body["max_tokens"], "max_tokens", toCount);
  return {
    model: toFilledText(body["model"], "model"),
    ...toConversation(body["messages"]),
    tools,
    toolChoice,
    webSearch: optional(body["web_search_options"], "web_search_options", toObject) !== undefined,
    parallelCalls: isLegacy ? false : (optional(body["parallel_tool_calls"], "parallel_tool_calls", toBoolean) ?? true),
    ...(optional(body["reasoning_effort"], "reasoning_effort", toShownEffort) ?? DEFAULT_EFFORT),
    maxTokens: optional(body["max_completion_tokens"], "max_completion_tokens", toCount) ?? maxTokens,
    stop: optional(body["stop"], "stop", toStop) ?? [],
    format: optional(body["response_format"], "response_format", toFormat) ?? { type: "text" },
    stream: optional(body["stream"], "stream", toBoolean) ?? false,
    keep: false,
    ignored: [...toIgnored(body, KNOWN), ...ignored],
    echo: toEcho({ includeUsage, includeProgress, isLegacy }),
  };
}
