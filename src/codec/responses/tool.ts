/** `tools` and `tool_choice` of the Responses form: flat functions, and the hosted web search. */
import type { JsonObject } from "../../lib/json.ts";
import { toFields, toListOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toChoice } from "../openai/tool.ts";
import type { ChoiceForm } from "../openai/tool.ts";
import { MOST_TOOLS, toTools } from "../tool.ts";
import type { ToolSelection } from "../tool.ts";

/** A Responses request's tools and its choice among them. */
export interface ResponsesTools extends ToolSelection {
  readonly webSearch: boolean;
  /** The tools that are offered, as the response repeats them. */
  readonly repeated: readonly JsonObject[];
  /** Paths of tools that cannot be had. */
  readonly ignored: readonly string[];
}

const CHOICE: ChoiceForm = { toNamed: (holder) => holder, toAllowed: (choice) => choice };
const NONE: ResponsesTools = { tools: [], toolChoice: "auto", webSearch: false, repeated: [], ignored: [] };

type ToolKind = "function" | "search" | "other";

/** Search from an index alone is not to be had. */
function isWebSearch(tool: Fields, type: string): boolean {
  return /^web_search(_preview)?(_\d{4}_\d{2}_\d{2})?$/.test(type) && tool.object["external_web_access"] !== false;
}

function toKind(tool: Fields): ToolKind {
  const type = tool.required("type", toText);
  if (type === "function") return "function";
  return isWebSearch(tool, type) ? "search" : "other";
}

function toRepeated({ object }: Fields, kind: ToolKind): JsonObject {
  if (kind !== "function") return object;
  const { name, description = null, parameters = null, strict } = object;
  return { type: "function", name, description, parameters, strict: strict === true };
}

const toList = toListOf(MOST_TOOLS, toFields);

/** Clients offer hosted tools to any server; those that cannot be had are left out, and named. */
const toOffered: Reader<ResponsesTools> = (value, path) => {
  const found = toList(value, path).map((tool) => ({ tool, kind: toKind(tool) }));
  const functions = found.filter(({ kind }) => kind === "function").map(({ tool }) => tool);
  return {
    tools: toTools(functions, "parameters"),
    toolChoice: "auto",
    webSearch: found.some(({ kind }) => kind === "search"),
    repeated: found.filter(({ kind }) => kind !== "other").map(({ tool, kind }) => toRepeated(tool, kind)),
    ignored: found.filter(({ kind }) => kind === "other").map(({ tool }) => tool.path),
  };
};

/** Reads what the model may call. */
export function readTools(body: Fields): ResponsesTools {
  const offered = body.optional("tools", toOffered) ?? NONE;
  const selection = body.optional("tool_choice", toChoice(offered.tools, CHOICE));
  return { ...offered, ...selection, webSearch: offered.webSearch && body.object["tool_choice"] !== "none" };
}
