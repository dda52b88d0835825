/** Answers of a fixed shape: which a turn asks for, and the schema that makes the model give it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toForcedCalls, toOfferedTools, toStructured } from "../../../src/cli/request/structured.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { Tool } from "../../../src/core/turn.ts";
import { PLAIN_TURN } from "../../core/sample.ts";

const WEATHER: Tool = {
  name: "weather",
  description: "Tells it",
  schema: { type: "object", properties: { city: { type: "string" } } },
};
const TIME: Tool = { name: "time", description: "", schema: { type: "object", properties: {} } };
const FORMAT = { type: "json", schema: { type: "object" } } as const;

/** What a JSON pointer such as `#/a/0` leads to. */
function follow(root: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce((held: unknown, key) => (held as Record<string, unknown>)[key], root);
}

/** All `$ref` texts in a schema. */
function toReferences(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, held]) => (key === "$ref" ? [String(held)] : toReferences(held)));
}

test("free text and tools as the model likes ask for no structure", () => {
  assert.equal(toStructured(PLAIN_TURN), undefined);
  assert.equal(toStructured({ ...PLAIN_TURN, tools: [WEATHER, TIME] }), undefined);
});

test("a JSON format asks for its schema, unchanged", () => {
  assert.deepEqual(toStructured({ ...PLAIN_TURN, format: FORMAT, tools: [WEATHER] }), FORMAT);
});

test("tools are in the prompt beside a JSON format, unless none may be called or the choice is forced", () => {
  const turn = { ...PLAIN_TURN, tools: [WEATHER, TIME] };
  assert.deepEqual(toOfferedTools(turn), turn.tools);
  assert.deepEqual(toOfferedTools({ ...turn, toolChoice: "none" }), turn.tools);
  assert.deepEqual(toOfferedTools({ ...turn, format: FORMAT }), turn.tools);
  assert.deepEqual(toOfferedTools({ ...turn, format: FORMAT, toolChoice: "none" }), []);
  assert.deepEqual(toOfferedTools({ ...turn, toolChoice: "required" }), []);
  assert.deepEqual(toOfferedTools({ ...turn, toolChoice: { name: "time" } }), []);
});

test("a named tool asks for its parameters", () => {
  const structure = toStructured({ ...PLAIN_TURN, tools: [TIME, WEATHER], toolChoice: { name: "weather" } });
  assert.deepEqual(structure, {
    type: "call",
    name: "weather",
    schema: { description: "Tells it", ...WEATHER.schema },
  });
});

test("one of one tool is a named tool", () => {
  const structure = toStructured({ ...PLAIN_TURN, tools: [WEATHER], toolChoice: "required" });
  assert.deepEqual([structure?.type, structure?.type === "call" && structure.name], ["call", "weather"]);
});

test("a forced choice comes before a format", () => {
  assert.equal(
    toStructured({ ...PLAIN_TURN, tools: [WEATHER, TIME], toolChoice: "required", format: FORMAT })?.type,
    "calls",
  );
  assert.equal(
    toStructured({ ...PLAIN_TURN, tools: [WEATHER, TIME], toolChoice: { name: "time" }, format: FORMAT })?.type,
    "call",
  );
});

test("one of several tools asks for a list of at least one call, each by name with its own parameters", () => {
  const structure = toStructured({ ...PLAIN_TURN, tools: [WEATHER, TIME], toolChoice: "required" });
  assert.equal(structure?.type, "calls");
  const calls = follow(structure.schema, "#/properties/calls") as {
    minItems: number;
    maxItems?: number;
    items: { anyOf: object[] };
  };
  assert.deepEqual([calls.minItems, calls.maxItems, calls.items.anyOf.length], [1, undefined, 2]);
  assert.deepEqual(follow(structure.schema, "#/properties/calls/items/anyOf/0/properties"), {
    name: { const: "weather" },
    arguments: WEATHER.schema,
  });
  assert.deepEqual(follow(structure.schema, "#/properties/calls/items/anyOf/1/required"), ["name", "arguments"]);
});

test("where calls may not be parallel the list has one", () => {
  const structure = toStructured({
    ...PLAIN_TURN,
    tools: [WEATHER, TIME],
    toolChoice: "required",
    parallelCalls: false,
  });
  assert.equal(follow(structure?.schema, "#/properties/calls/maxItems"), 1);
});

test("references in a tool's schema lead to the same place in the larger one", () => {
  const schema = {
    type: "object",
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" }, root: { $ref: "#" } } } },
    properties: {
      first: { $ref: "#/$defs/node" },
      others: { type: "array", items: [{ $ref: "#/$defs/node" }] },
      far: { $ref: "https://x/y.json#/a" },
    },
  };
  const structure = toStructured({
    ...PLAIN_TURN,
    tools: [TIME, { name: "walk", description: "", schema }],
    toolChoice: "required",
  });
  const moved = follow(structure?.schema, "#/properties/calls/items/anyOf/1/properties/arguments");
  const references = toReferences(moved);
  assert.equal(references.length, 5);
  for (const reference of references.filter((held) => held.startsWith("#"))) {
    const target = follow(structure?.schema, reference);
    assert.ok(target === moved || target === follow(moved, "#/$defs/node"), reference);
  }
  assert.ok(references.includes("https://x/y.json#/a"));
});

test("a property that happens to be called $ref is a property", () => {
  const schema = { type: "object", properties: { $ref: { type: "string" } } };
  const structure = toStructured({
    ...PLAIN_TURN,
    tools: [TIME, { name: "f", description: "", schema }],
    toolChoice: "required",
  });
  assert.deepEqual(follow(structure?.schema, "#/properties/calls/items/anyOf/1/properties/arguments"), schema);
});

test("forced calls are read by name and arguments", () => {
  assert.deepEqual(
    toForcedCalls({
      calls: [
        { name: "a", arguments: { x: 1 } },
        { name: "a", arguments: {} },
      ],
    }),
    [
      { name: "a", input: { x: 1 } },
      { name: "a", input: {} },
    ],
  );
});

test("an output that holds no calls is a bad gateway", () => {
  for (const output of [
    undefined,
    null,
    {},
    [],
    { calls: {} },
    { calls: ["a"] },
    { calls: [{ name: "a" }] },
    { calls: [{ name: 1, arguments: {} }] },
  ]) {
    assert.throws(
      () => toForcedCalls(output),
      (error) => error instanceof ProxyError && error.kind === "bad_gateway",
      JSON.stringify(output),
    );
  }
});

test("the schemas of a request's tools are moved once, however often its turns are asked", () => {
  const turn = { ...PLAIN_TURN, tools: [WEATHER, TIME], toolChoice: "required" } as const;
  const read = (asked: typeof turn): unknown =>
    follow(toStructured(asked)?.schema, "#/properties/calls/items/anyOf/0/properties/arguments");
  assert.deepEqual(read(turn), WEATHER.schema);
  assert.equal(read({ ...turn }), read(turn));
});
