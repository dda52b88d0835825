/** `tools`, `tool_choice` and their deprecated forms `functions` and `function_call`. */
import { toFields, toListOf, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toChoice } from "../openai/tool.ts";
import type { ChoiceForm } from "../openai/tool.ts";
import { MOST_TOOLS, toNamedChoice, toPlainChoice, toTools } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

/** A chat request's tools and its choice among them. */
export interface ChatTools extends ToolSelection {
  /** The request speaks of `functions`. */
  readonly isLegacy: boolean;
  /** Paths of tools that cannot be had. */
  readonly ignored: readonly string[];
}

const CHOICE: ChoiceForm = {
  toNamed: (holder) => holder.required("function", toFields),
  toAllowed: (choice) => choice.required("allowed_tools", toFields),
};

const toDefinitions = toListOf(MOST_TOOLS, toFields);
const toLegacyWord = toOneOf(["none", "auto"]);

/** Clients offer hosted tools to any server; those that cannot be had are left out, and named. */
const toNewTools: Reader<ChatTools> = (value, path) => {
  const found = toDefinitions(value, path);
  const functions = found.filter((tool) => tool.required("type", toText) === "function");
  return {
    tools: toTools(
      functions.map((tool) => tool.required("function", toFields)),
      "parameters",
    ),
    toolChoice: "auto",
    isLegacy: false,
    ignored: found.filter((tool) => tool.object["type"] !== "function").map((tool) => tool.path),
  };
};

const toLegacyTools: Reader<ToolSelection> = (value, path) => ({
  tools: toTools(toDefinitions(value, path), "parameters"),
  toolChoice: "auto",
});

function toLegacyChoice({ tools }: ToolSelection): Reader<ToolSelection> {
  return (value, path) =>
    typeof value === "string"
      ? toPlainChoice(tools, toLegacyWord(value, path), path)
      : toNamedChoice(tools, toFields(value, path));
}

/** Reads what the model may call. The deprecated fields count where the request has no tools of the new form. */
export function readTools(body: Fields): ChatTools {
  const found = body.optional("tools", toNewTools);
  const functions = body.optional("functions", toLegacyTools);
  body.accept("tool_choice", "function_call");
  if (functions && (!found || (found.tools.length === 0 && found.ignored.length === 0))) {
    const selection = body.optional("function_call", toLegacyChoice(functions)) ?? functions;
    return { ...selection, isLegacy: true, ignored: [] };
  }
  const offered = found ?? { tools: [], toolChoice: "auto", isLegacy: false, ignored: [] };
  return { ...offered, ...body.optional("tool_choice", toChoice({ tools: offered.tools, webSearch: false }, CHOICE)) };
}
