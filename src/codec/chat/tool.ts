/** `tools`, `tool_choice` and their deprecated forms `functions` and `function_call`. */
import type { Tool } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, toObject, toOneOf, toText } from "../check.ts";
import { checkNames, toAllowedChoice, toKnownName, toNamedChoice, toPlainChoice, toTool, toToolList } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

interface ChatTools extends ToolSelection {
  readonly isLegacy: boolean;
  readonly ignored: readonly string[];
}

const WORDS = ["none", "auto", "required"] as const;

function toNewTools(value: unknown, ignored: string[]): Tool[] {
  const tools: Tool[] = [];
  for (const [at, held] of toToolList(value, "tools").entries()) {
    const tool = toObject(held, `tools[${at}]`);
    const type = toText(tool["type"], `tools[${at}].type`);
    // Clients offer hosted tools to any server; those that cannot be had are left out, and named.
    if (type === "function")
      tools.push(toTool(toObject(tool["function"], `tools[${at}].function`), "parameters", `tools[${at}].function`));
    else ignored.push(`tools[${at}]`);
  }
  checkNames(tools, (at) => `tools[${at}].function.name`);
  return tools;
}

function toLegacyTools(value: unknown): Tool[] {
  const tools = toToolList(value, "functions").map((held, at) =>
    toTool(toObject(held, `functions[${at}]`), "parameters", `functions[${at}]`),
  );
  checkNames(tools, (at) => `functions[${at}].name`);
  return tools;
}

/** `{type: "allowed_tools", allowed_tools: {mode, tools}}`: some of the tools, the others hidden. */
function toAllowed(tools: readonly Tool[], choice: JsonObject): ToolSelection {
  const path = "tool_choice.allowed_tools";
  const allowed = toObject(choice["allowed_tools"], path);
  const mode = toOneOf(["auto", "required"])(allowed["mode"], `${path}.mode`);
  const toName = toKnownName(tools);
  const names = toToolList(allowed["tools"], `${path}.tools`).map((held, at) => {
    const where = `${path}.tools[${at}].function`;
    const named = toObject(toObject(held, `${path}.tools[${at}]`)["function"], where);
    return toName(named["name"], `${where}.name`);
  });
  return toAllowedChoice(tools, names, mode, path);
}

function toChoice(tools: readonly Tool[], value: unknown): ToolSelection {
  if (typeof value === "string") return toPlainChoice(tools, toOneOf(WORDS)(value, "tool_choice"), "tool_choice");
  const choice = toObject(value, "tool_choice");
  const type = toOneOf(["function", "allowed_tools"])(choice["type"], "tool_choice.type");
  if (type === "allowed_tools") return toAllowed(tools, choice);
  return toNamedChoice(
    tools,
    toObject(choice["function"], "tool_choice.function")["name"],
    "tool_choice.function.name",
  );
}

function toLegacyChoice(tools: readonly Tool[], value: unknown): ToolSelection {
  if (typeof value === "string")
    return toPlainChoice(tools, toOneOf(["none", "auto"])(value, "function_call"), "function_call");
  return toNamedChoice(tools, toObject(value, "function_call")["name"], "function_call.name");
}

/** What the model may call. */
export function toTools(body: JsonObject): ChatTools {
  const ignored: string[] = [];
  const tools = optional(body["tools"], "tools", (held) => toNewTools(held, ignored)) ?? [];
  const functions = optional(body["functions"], "functions", toLegacyTools);
  if (tools.length > 0 || ignored.length > 0 || !functions) {
    const selection = optional(body["tool_choice"], "tool_choice", (held) => toChoice(tools, held));
    return { ...(selection ?? { tools, toolChoice: "auto" }), isLegacy: false, ignored };
  }
  const selection = optional(body["function_call"], "function_call", (held) => toLegacyChoice(functions, held));
  return { ...(selection ?? { tools: functions, toolChoice: "auto" }), isLegacy: true, ignored };
}
