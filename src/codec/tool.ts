/** Function tools and the choice among them, as far as protocols agree. */
import type { Tool, ToolChoice } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { optional, refuse, toList, toObject, toText } from "./check.ts";

export interface ToolSelection {
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
}

/** Reads a list of tools, or of choices among them: at most 1,000. */
export const toToolList = toList(1000);

const PROPERTY = /^[A-Za-z0-9_.-]{1,64}$/;
const NAME = /^[A-Za-z0-9_-]+$/;
const LONGEST_NAME = 64;

/** One function: `schemaKey` is the field of the definition that holds its parameters, and may be absent. */
export function toTool(definition: JsonObject, schemaKey: string, path: string, longest = LONGEST_NAME): Tool {
  const name = toText(definition["name"], `${path}.name`);
  if (!NAME.test(name) || name.length > longest)
    refuse(`${path}.name`, `expected 1 to ${longest} letters, digits, underscores and hyphens`);
  const schema = optional(definition[schemaKey], `${path}.${schemaKey}`, toObject) ?? {};
  if (schema["type"] !== undefined && schema["type"] !== "object")
    refuse(`${path}.${schemaKey}.type`, 'expected "object"');
  // The API takes no other names, and the CLI would leave the whole tool out without a word.
  const strange = Object.keys(optional(schema["properties"], `${path}.${schemaKey}.properties`, toObject) ?? {}).find(
    (key) => !PROPERTY.test(key),
  );
  if (strange !== undefined)
    refuse(
      `${path}.${schemaKey}.properties`,
      `expected names of 1 to 64 letters, digits, _ . -, got ${strange.slice(0, 60)}`,
    );
  const description = optional(definition["description"], `${path}.description`, toText) ?? "";
  // A schema that says nothing of its type still has to describe an object, and the API wants it said.
  return {
    name,
    description,
    schema: schema["type"] === undefined ? { type: "object", properties: {}, ...schema } : schema,
  };
}

/** Refuses names that stand twice. */
export function checkNames(tools: readonly Tool[], toPath: (at: number) => string): void {
  const seen = new Set<string>();
  for (const [at, { name }] of tools.entries()) {
    if (seen.has(name)) refuse(toPath(at), `${name} stands twice`);
    seen.add(name);
  }
}

/** Reads a name that one of the tools has. */
export function toKnownName(tools: readonly Tool[]): (name: unknown, path: string) => string {
  const names = new Set(tools.map((tool) => tool.name));
  return (name, path) => {
    const wanted = toText(name, path);
    return names.has(wanted) ? wanted : refuse(path, `${wanted.slice(0, 60)} is not one of the tools`);
  };
}

/** A choice that names a tool. */
export function toNamedChoice(tools: readonly Tool[], name: unknown, path: string): ToolSelection {
  return { tools, toolChoice: { name: toKnownName(tools)(name, path) } };
}

/** A choice among some of the tools; the others are hidden. */
export function toAllowedChoice(
  tools: readonly Tool[],
  names: readonly string[],
  mode: "auto" | "required",
  path: string,
): ToolSelection {
  const wanted = new Set(names);
  const allowed = tools.filter(({ name }) => wanted.has(name));
  return toPlainChoice(allowed, mode, path);
}

/** A choice in one word. `none` offers no tools at all. */
export function toPlainChoice(tools: readonly Tool[], word: "none" | "auto" | "required", path: string): ToolSelection {
  if (word === "none") return { tools: [], toolChoice: "auto" };
  if (word === "required" && tools.length === 0) refuse(path, "required needs tools");
  return { tools, toolChoice: word };
}
