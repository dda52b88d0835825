/** A Messages request, narrowed field by field. */
import type { Format, Thinking, Turn } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, toBody, toBoolean, toCount, toFilledText, toObject, toOneOf, toText } from "../check.ts";
import { toSystem } from "../part.ts";
import { refuseSet, DEFAULT_EFFORT, toEffortSetting, toIgnored, toSchema, toStopList } from "../setting.ts";
import type { EffortSetting } from "../setting.ts";
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

/** `disabled` switches thinking off; every other type shows it, unless its display is `omitted`. */
function toThinking(value: unknown, path: string): Thinking {
  const thinking = toObject(value, path);
  const type = toFilledText(thinking["type"], `${path}.type`);
  if (type === "disabled") return { mode: "off" };
  const display = optional(thinking["display"], `${path}.display`, toText);
  const mode = display === "omitted" ? "default" : "shown";
  const budgetTokens = optional(thinking["budget_tokens"], `${path}.budget_tokens`, toCount);
  return budgetTokens === undefined ? { mode } : { mode, budgetTokens };
}

/** What the request says of thinking: `thinking` first, then an effort of `none`. */
function toEffortAndThinking(body: JsonObject, config: JsonObject): EffortSetting {
  const read = (value: unknown, path: string): EffortSetting => toEffortSetting(value, path, "default");
  const asked = optional(config["effort"], "output_config.effort", read) ?? DEFAULT_EFFORT;
  return { ...asked, thinking: optional(body["thinking"], "thinking", toThinking) ?? asked.thinking };
}

function readOutput(body: JsonObject): { readonly config: JsonObject; readonly ignored: readonly string[] } {
  const config = optional(body["output_config"], "output_config", toObject) ?? {};
  return { config, ignored: toIgnored(config, new Set(["effort", "format"]), "output_config.") };
}

/** Reads the body of a request. @throws ProxyError `invalid_request` naming the field. */
export function decode(value: unknown): Turn {
  const body = toBody(value);
  refuseSet(body, "thread", "messages are not kept here: send the whole conversation");
  const tools = toTools(body);
  const output = readOutput(body);
  const { effort, thinking } = toEffortAndThinking(body, output.config);
  const { systems, messages } = toConversation(body["messages"]);
  return {
    model: toFilledText(body["model"], "model"),
    system: toSystem([...(optional(body["system"], "system", toSystemTexts) ?? []), ...systems]),
    messages,
    tools: tools.tools,
    toolChoice: tools.toolChoice,
    webSearch: tools.webSearch,
    parallelCalls: tools.parallelCalls,
    effort,
    thinking,
    maxTokens: toCount(body["max_tokens"], "max_tokens"),
    stop: optional(body["stop_sequences"], "stop_sequences", toStopList(MOST_STOPS)) ?? [],
    format: optional(output.config["format"], "output_config.format", toFormat) ?? { type: "text" },
    stream: optional(body["stream"], "stream", toBoolean) ?? false,
    keep: false,
    ignored: [...toIgnored(body, KNOWN), ...output.ignored, ...tools.ignored],
    echo: toEcho({ showsThinking: thinking.mode === "shown" }),
  };
}
