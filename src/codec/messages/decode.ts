/** A Messages request, narrowed field by field. */
import type { Format, Turn } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, toBoolean, toCount, toFilledText, toObject, toOneOf } from "../check.ts";
import { toSystem } from "../part.ts";
import { refuseSet, toEffort, toIgnored, toSchema, toStopList } from "../setting.ts";
import { toEcho } from "./echo.ts";
import { toConversation, toSystemTexts } from "./message.ts";
import { toTools } from "./tool.ts";

/** Fields that are honoured, or that ask for nothing. */
const KNOWN = new Set([
  ...["model", "messages", "system", "max_tokens", "stop_sequences", "stream", "tools", "tool_choice", "thinking"],
  ...["output_config", "metadata", "cache_control"],
]);

const MOST_STOPS = 16;

function toFormat(value: unknown, path: string): Format {
  const format = toObject(value, path);
  toOneOf(["json_schema"])(format["type"], `${path}.type`);
  return { type: "json", schema: toSchema(format["schema"], `${path}.schema`) };
}

interface Thinking {
  readonly isShown: boolean;
  readonly ignored: readonly string[];
}

/** How much the model thinks is the effort's matter; whether the client is shown it, this field's. */
function toThinking(value: unknown, path: string): Thinking {
  const thinking = toObject(value, path);
  const type = toFilledText(thinking["type"], `${path}.type`);
  const isShown = type !== "disabled" && thinking["display"] !== "omitted";
  return { isShown, ignored: thinking["budget_tokens"] === undefined ? [] : [`${path}.budget_tokens`] };
}

function readOutput(body: JsonObject): { readonly config: JsonObject; readonly ignored: readonly string[] } {
  const config = optional(body["output_config"], "output_config", toObject) ?? {};
  return { config, ignored: toIgnored(config, new Set(["effort", "format"]), "output_config.") };
}

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field. */
export function decode(value: unknown): Turn {
  const body = toObject(value, "body");
  refuseSet(body, "thread", "messages are not kept here: send the whole conversation");
  const tools = toTools(body);
  const output = readOutput(body);
  const thinking = optional(body["thinking"], "thinking", toThinking) ?? { isShown: false, ignored: [] };
  const { systems, messages } = toConversation(body["messages"]);
  return {
    model: toFilledText(body["model"], "model"),
    system: toSystem([...(optional(body["system"], "system", toSystemTexts) ?? []), ...systems]),
    messages,
    tools: tools.tools,
    toolChoice: tools.toolChoice,
    webSearch: tools.webSearch,
    parallelCalls: tools.parallelCalls,
    effort: optional(output.config["effort"], "output_config.effort", toEffort),
    maxTokens: toCount(body["max_tokens"], "max_tokens"),
    stop: optional(body["stop_sequences"], "stop_sequences", toStopList(MOST_STOPS)) ?? [],
    format: optional(output.config["format"], "output_config.format", toFormat) ?? { type: "text" },
    stream: optional(body["stream"], "stream", toBoolean) ?? false,
    keep: false,
    ignored: [...toIgnored(body, KNOWN), ...thinking.ignored, ...output.ignored, ...tools.ignored],
    echo: toEcho({ showsThinking: thinking.isShown }),
  };
}
