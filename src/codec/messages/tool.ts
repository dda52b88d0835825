/** `tools` and `tool_choice` of the Messages form: custom tools, and the server's web search. */
import type { Tool } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, toBoolean, toObject, toOneOf, toText } from "../check.ts";
import { checkNames, toNamedChoice, toPlainChoice, toTool, toToolList } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

export interface MessagesTools extends ToolSelection {
  readonly webSearch: boolean;
  readonly parallelCalls: boolean;
  readonly ignored: readonly string[];
}

/** The API takes 128; the CLI puts the name of its tool server before it. */
const LONGEST_NAME = 110;

interface Found {
  readonly tools: readonly Tool[];
  readonly webSearch: boolean;
  readonly ignored: readonly string[];
}

function toList(value: unknown): Found {
  const tools: Tool[] = [];
  const paths: string[] = [];
  const ignored: string[] = [];
  let webSearch = false;
  for (const [at, held] of toToolList(value, "tools").entries()) {
    const path = `tools[${at}]`;
    const tool = toObject(held, path);
    const type = optional(tool["type"], `${path}.type`, toText) ?? "custom";
    if (type === "custom") {
      tools.push(toTool(tool, "input_schema", path, LONGEST_NAME));
      paths.push(path);
    } else if (type.startsWith("web_search_")) webSearch = true;
    else ignored.push(path);
  }
  checkNames(tools, (at) => `${paths[at]}.name`);
  return { tools, webSearch, ignored };
}

function toSelection(tools: readonly Tool[], choice: JsonObject): ToolSelection {
  const path = "tool_choice.type";
  switch (toOneOf(["auto", "any", "tool", "none"])(choice["type"], path)) {
    case "auto":
      return toPlainChoice(tools, "auto", path);
    case "any":
      return toPlainChoice(tools, "required", path);
    case "none":
      return toPlainChoice(tools, "none", path);
    case "tool":
      return toNamedChoice(tools, choice["name"], "tool_choice.name");
  }
}

/** What the model may call. Tools of the API's own that cannot be had are left out, and named. */
export function toTools(body: JsonObject): MessagesTools {
  const { tools, webSearch, ignored } = toList(body["tools"] ?? []);
  const choice = optional(body["tool_choice"], "tool_choice", toObject) ?? { type: "auto" };
  const isSingle =
    optional(choice["disable_parallel_tool_use"], "tool_choice.disable_parallel_tool_use", toBoolean) ?? false;
  return {
    ...toSelection(tools, choice),
    webSearch: webSearch && choice["type"] !== "none",
    parallelCalls: !isSingle,
    ignored,
  };
}
