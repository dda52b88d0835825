/**
 * Answers of a fixed shape, through the CLI's structured output (P48): a JSON format, and tool calls the client forces.
 */
import { ProxyError } from "../../core/error.ts";
import type { Tool, Turn } from "../../core/turn.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

/**
 * A structured output and its use: as the answer's text, as the arguments of one named call, or as any of the calls.
 */
export type Structured = { readonly schema: JsonObject } & (
  | { readonly type: "json" }
  | { readonly type: "call"; readonly name: string }
  | { readonly type: "calls" }
);

/** A schema moved into a larger one: its own references must keep pointing into it. */
function moveReferences(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((item) => moveReferences(item, root));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) =>
      key === "$ref" && typeof held === "string" && held.startsWith("#")
        ? [key, `#${root}${held.slice(1)}`]
        : [key, moveReferences(held, root)],
    ),
  );
}

/** A schema for each tool's call: its name beside the arguments that fit it. */
function toCallSchemas(tools: readonly Tool[]): readonly JsonObject[] {
  return tools.map(({ name, description, schema }, at) => ({
    type: "object",
    description,
    properties: {
      name: { const: name },
      arguments: moveReferences(schema, `/properties/calls/items/anyOf/${at}/properties/arguments`),
    },
    required: ["name", "arguments"],
    additionalProperties: false,
  }));
}

/** By the tools of a request: a turn is asked for its structure some eight times, and schemas may be large. */
const known = new WeakMap<readonly Tool[], readonly JsonObject[]>();

/** One schema for "some of these calls". */
function toUnion(tools: readonly Tool[], parallel: boolean): JsonObject {
  const anyOf = known.get(tools) ?? toCallSchemas(tools);
  known.set(tools, anyOf);
  const calls = { type: "array", minItems: 1, ...(parallel ? {} : { maxItems: 1 }), items: { anyOf } };
  return { type: "object", properties: { calls }, required: ["calls"], additionalProperties: false };
}

/**
 * The CLI's check knows the draft of 2020 by its keywords, but not by its name: with it, no structured output is
 * offered.
 */
function toCheckable(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "$schema"));
}

/** The part of a turn that says what form its answer has. */
export type ChoiceTurn = Pick<Turn, "tools" | "toolChoice" | "parallelCalls" | "format">;

/** The structured output a turn asks for, if any. A forced tool choice comes before a format, as it does at the API. */
export function toStructured(turn: ChoiceTurn): Structured | undefined {
  const { toolChoice, tools, format } = turn;
  const named = typeof toolChoice === "object" ? tools.find(({ name }) => name === toolChoice.name) : undefined;
  const only = named ?? (toolChoice === "required" && tools.length === 1 ? tools[0] : undefined);
  if (only)
    return { type: "call", name: only.name, schema: { description: only.description, ...toCheckable(only.schema) } };
  if (toolChoice === "required") return { type: "calls", schema: toUnion(tools, turn.parallelCalls) };
  return format.type === "json" ? { type: "json", schema: toCheckable(format.schema) } : undefined;
}

/**
 * The tools that are in the prompt. A forced choice goes through the structured output alone: beside it, the tools
 * themselves could be called instead. So does JSON without calls: the API's own `none` would forbid the output too.
 */
export function toOfferedTools(turn: ChoiceTurn): readonly Tool[] {
  const structured = toStructured(turn);
  const isAlone = structured !== undefined && (structured.type !== "json" || turn.toolChoice === "none");
  return isAlone ? [] : turn.tools;
}

/**
 * The part of a turn's choice among tools that its process is set up with. The rest is a setting of the turn: calling
 * none of the tools, and calling one at a time.
 */
export function toSetUpChoice({ toolChoice, parallelCalls, format }: ChoiceTurn): unknown[] {
  if (toolChoice === "auto" || (toolChoice === "none" && format.type === "text")) return ["auto"];
  return [toolChoice, toolChoice === "required" && parallelCalls];
}

/** The calls in an output for `calls`. @throws ProxyError when it is none, which the CLI's check rules out. */
export function toForcedCalls(output: unknown): { name: string; input: JsonObject }[] {
  const calls: unknown = isObject(output) ? output["calls"] : undefined;
  if (!Array.isArray(calls)) throw new ProxyError("bad_gateway", "Cannot finish answer: the model gave no calls");
  return calls.map((call: unknown) => {
    if (isObject(call) && typeof call["name"] === "string" && isObject(call["arguments"])) {
      return { name: call["name"], input: call["arguments"] };
    }
    throw new ProxyError("bad_gateway", "Cannot finish answer: the model gave a call without a name");
  });
}
