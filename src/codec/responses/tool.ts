/** `tools` and `tool_choice` of the Responses form: flat functions, and the hosted web search. */
import type { Tool } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, toObject, toOneOf, toText } from "../check.ts";
import { checkNames, toAllowedChoice, toKnownName, toNamedChoice, toPlainChoice, toTool, toToolList } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

export interface ResponsesTools extends ToolSelection {
  readonly webSearch: boolean;
  /** The tools that are offered, as the response repeats them. */
  readonly echo: readonly JsonObject[];
  readonly ignored: readonly string[];
}

/** Search from an index alone is not to be had. */
function isWebSearch(tool: JsonObject, type: string): boolean {
  return /^web_search(_preview)?(_\d{4}_\d{2}_\d{2})?$/.test(type) && tool["external_web_access"] !== false;
}

function toFunctionEcho(tool: JsonObject, { name }: Tool): JsonObject {
  const { description = null, parameters = null, strict } = tool;
  return { type: "function", name, description, parameters, strict: strict === true };
}

function toList(value: unknown): { tools: Tool[]; webSearch: boolean; echo: JsonObject[]; ignored: string[] } {
  const found = { tools: [] as Tool[], webSearch: false, echo: [] as JsonObject[], ignored: [] as string[] };
  const paths: string[] = [];
  for (const [at, held] of toToolList(value, "tools").entries()) {
    const path = `tools[${at}]`;
    const tool = toObject(held, path);
    const type = toText(tool["type"], `${path}.type`);
    if (type === "function") {
      const made = toTool(tool, "parameters", path);
      found.tools.push(made);
      paths.push(path);
      found.echo.push(toFunctionEcho(tool, made));
    } else if (isWebSearch(tool, type)) {
      found.webSearch = true;
      found.echo.push(tool);
    } else found.ignored.push(path);
  }
  checkNames(found.tools, (at) => `${paths[at]}.name`);
  return found;
}

/** `{type: "allowed_tools", mode, tools}`: some of the tools, the others hidden. Hosted ones are not held back. */
function toAllowed(tools: readonly Tool[], choice: JsonObject): ToolSelection {
  const mode = toOneOf(["auto", "required"])(choice["mode"], "tool_choice.mode");
  const toName = toKnownName(tools);
  const names = toToolList(choice["tools"], "tool_choice.tools").flatMap((held, at) => {
    const path = `tool_choice.tools[${at}]`;
    const named = toObject(held, path);
    return named["type"] === "function" ? [toName(named["name"], `${path}.name`)] : [];
  });
  return toAllowedChoice(tools, names, mode, "tool_choice");
}

function toChoice(tools: readonly Tool[], value: unknown): ToolSelection {
  if (typeof value === "string")
    return toPlainChoice(tools, toOneOf(["none", "auto", "required"])(value, "tool_choice"), "tool_choice");
  const choice = toObject(value, "tool_choice");
  const type = toOneOf(["function", "allowed_tools"])(choice["type"], "tool_choice.type");
  return type === "allowed_tools" ? toAllowed(tools, choice) : toNamedChoice(tools, choice["name"], "tool_choice.name");
}

/** What the model may call. Clients offer hosted tools to any server; those that cannot be had are left out, and named. */
export function toTools(body: JsonObject): ResponsesTools {
  const { tools, webSearch, echo, ignored } = toList(body["tools"] ?? []);
  const selection = optional(body["tool_choice"], "tool_choice", (held) => toChoice(tools, held));
  return {
    ...(selection ?? { tools, toolChoice: "auto" }),
    webSearch: webSearch && body["tool_choice"] !== "none",
    echo,
    ignored,
  };
}
