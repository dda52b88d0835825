/** Function tools and the choice among them, as far as protocols agree. */
import type { Tool, ToolChoice } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { createFields, refuse, toList, toObject, toText } from "./field.ts";
import type { Fields, Reader } from "./field.ts";

/** The tools that are offered, and the choice among them. */
export interface ToolSelection {
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** The choice has asked for the server's own search, which cannot be forced: it is to be named as ignored. */
  readonly isUnforced?: true;
}

/** Most tools of one request. */
export const MOST_TOOLS = 1000;

/** Reads a list of tools, or of choices among them. */
export const toToolList = toList(MOST_TOOLS);

const PROPERTY = /^[A-Za-z0-9_.-]{1,64}$/;
const NAME = /^[A-Za-z0-9_-]+$/;
const LONGEST_NAME = 64;

/** A schema that says nothing of its type still has to describe an object, and the API wants it said. */
function toParameters(definition: Fields, name: string): JsonObject {
  const schema = definition.optional(name, toObject) ?? {};
  const path = definition.pathOf(name);
  if (schema["type"] !== undefined && schema["type"] !== "object") refuse(`${path}.type`, 'expected "object"');
  const properties = createFields(schema, path).optional("properties", toObject) ?? {};
  // The API takes no other names, and the CLI would leave the whole tool out without a word.
  const strange = Object.keys(properties).find((key) => !PROPERTY.test(key));
  if (strange !== undefined) {
    const problem = `expected names of 1 to 64 letters, digits, _ . -, got ${strange.slice(0, 60)}`;
    refuse(`${path}.properties`, problem);
  }
  return schema["type"] === undefined ? { type: "object", properties: {}, ...schema } : schema;
}

function toTool(definition: Fields, parameters: string, longestName: number): Tool {
  const name = definition.required("name", toText);
  if (!NAME.test(name) || name.length > longestName)
    refuse(definition.pathOf("name"), `expected 1 to ${longestName} letters, digits, underscores and hyphens`);
  const schema = toParameters(definition, parameters);
  return { name, description: definition.optional("description", toText) ?? "", schema };
}

/**
 * Reads the definitions of functions, none of which may have another's name. `parameters` is the field that holds the
 * schema of their parameters, and may be absent.
 */
export function toTools(definitions: readonly Fields[], parameters: string, longestName = LONGEST_NAME): Tool[] {
  const seen = new Set<string>();
  return definitions.map((definition) => {
    const tool = toTool(definition, parameters, longestName);
    if (seen.has(tool.name)) refuse(definition.pathOf("name"), `${tool.name} stands twice`);
    seen.add(tool.name);
    return tool;
  });
}

/** Reads a name that one of the tools has. */
export function toKnownName(tools: readonly Tool[]): Reader<string> {
  const names = new Set(tools.map((tool) => tool.name));
  return (name, path) => {
    const wanted = toText(name, path);
    return names.has(wanted) ? wanted : refuse(path, `${wanted.slice(0, 60)} is not one of the tools`);
  };
}

/** Makes the choice of the tool that the field `name` names. */
export function toNamedChoice(tools: readonly Tool[], choice: Fields): ToolSelection {
  return { tools, toolChoice: { name: choice.required("name", toKnownName(tools)) } };
}

/** Makes a choice of the server's own search: the model is left to search as it likes. */
export function toSearchChoice(tools: readonly Tool[]): ToolSelection {
  return { tools, toolChoice: "auto", isUnforced: true };
}

/**
 * Makes a choice in one word; `hasSearch` says that the server's own search is there beside the tools. Without tools
 * `none` says nothing. @throws ProxyError when `required` has nothing to choose from.
 */
export function toPlainChoice(
  tools: readonly Tool[],
  word: "none" | "auto" | "required",
  path: string,
  hasSearch = false,
): ToolSelection {
  if (word === "none" && tools.length === 0) return { tools, toolChoice: "auto" };
  if (word !== "required" || tools.length > 0) return { tools, toolChoice: word };
  return hasSearch ? toSearchChoice(tools) : refuse(path, "required needs tools");
}
