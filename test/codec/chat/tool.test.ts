/** Tools, the choice among them, and the deprecated forms of both. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRefused, read, tool } from "./request.ts";

const SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const TOOLS = [tool("weather", SCHEMA), tool("time"), tool("news")];
const named = (name: unknown) => ({ type: "function", function: { name } });
const allowed = (mode: unknown, ...names: readonly unknown[]) => ({
  type: "allowed_tools",
  allowed_tools: { mode, tools: names.map(named) },
});
const names = (fields: object) => read(fields).tools.map(({ name }) => name);

test("a tool's schema goes through unchanged, and without a description the description is empty", () => {
  const [first] = read({ tools: [tool("weather", SCHEMA)] }).tools;
  assert.deepEqual(first, { name: "weather", description: "", schema: SCHEMA });
  const described = {
    type: "function",
    function: { name: "f", description: "Does it", parameters: SCHEMA, strict: true },
  };
  assert.equal(read({ tools: [described] }).tools[0]?.description, "Does it");
});

test("a tool without parameters takes an empty object", () => {
  for (const parameters of [undefined, null, {}]) {
    assert.deepEqual(read({ tools: [{ type: "function", function: { name: "f", parameters } }] }).tools[0]?.schema, {
      type: "object",
      properties: {},
    });
  }
});

test("a schema that does not say its type is said to be an object's, and keeps what it says", () => {
  const parameters = { properties: { a: {} }, required: ["a"] };
  assert.deepEqual(read({ tools: [tool("f", parameters)] }).tools[0]?.schema, { type: "object", ...parameters });
});

test("tools keep their order, and names may have letters, digits, underscores and hyphens, up to 64", () => {
  const list = ["b", "a", "__proto__", "constructor", "get-it_2", "x".repeat(64)];
  assert.deepEqual(names({ tools: list.map((name) => tool(name)) }), list);
});

test("tools of types that cannot be had are left out and named", () => {
  const turn = read({
    tools: [{ type: "web_search" }, tool("f"), { type: "custom", custom: { name: "x" } }],
    seed: 1,
  });
  assert.deepEqual(
    turn.tools.map(({ name }) => name),
    ["f"],
  );
  assert.deepEqual(turn.ignored, ["seed", "tools[0]", "tools[2]"]);
});

test("the choice is the model's unless the request says otherwise", () => {
  for (const tool_choice of [undefined, null, "auto"]) {
    const turn = read({ tools: TOOLS, tool_choice });
    assert.deepEqual([turn.toolChoice, turn.tools.length], ["auto", 3]);
  }
});

test("`none` leaves the tools where they are, `required` asks for one, a name asks for that one", () => {
  const none = read({ tools: TOOLS, tool_choice: "none" });
  assert.deepEqual([none.tools.length, none.toolChoice], [3, "none"]);
  assert.equal(read({ tools: TOOLS, tool_choice: "required" }).toolChoice, "required");
  assert.deepEqual(read({ tools: TOOLS, tool_choice: named("time") }).toolChoice, { name: "time" });
  assert.equal(names({ tools: TOOLS, tool_choice: named("time") }).length, 3);
});

test("`none` and `auto` may be said without tools", () => {
  for (const tool_choice of ["none", "auto"]) assert.equal(read({ tool_choice, tools: [] }).toolChoice, "auto");
});

test("allowed tools hide the others, in the request's order", () => {
  assert.deepEqual(names({ tools: TOOLS, tool_choice: allowed("auto", "news", "weather") }), ["weather", "news"]);
  assert.equal(read({ tools: TOOLS, tool_choice: allowed("auto", "news") }).toolChoice, "auto");
  assert.equal(read({ tools: TOOLS, tool_choice: allowed("required", "news") }).toolChoice, "required");
});

test("calls may come in parallel unless the request forbids it", () => {
  assert.equal(read({ tools: TOOLS }).parallelCalls, true);
  assert.equal(read({ tools: TOOLS, parallel_tool_calls: true }).parallelCalls, true);
  assert.equal(read({ tools: TOOLS, parallel_tool_calls: false }).parallelCalls, false);
});

test("deprecated functions are tools, called one at a time, and the answer is in their words", () => {
  const turn = read({ functions: [{ name: "weather", description: "d", parameters: SCHEMA }, { name: "time" }] });
  assert.deepEqual(turn.tools, [
    { name: "weather", description: "d", schema: SCHEMA },
    { name: "time", description: "", schema: { type: "object", properties: {} } },
  ]);
  assert.deepEqual([turn.toolChoice, turn.parallelCalls, turn.form.isLegacy], ["auto", false, true]);
});

test("a deprecated choice is none, auto or a name", () => {
  const functions = [{ name: "weather" }, { name: "time" }];
  assert.equal(read({ functions, function_call: "none" }).toolChoice, "none");
  assert.equal(read({ functions, function_call: "auto" }).toolChoice, "auto");
  assert.deepEqual(read({ functions, function_call: { name: "time" } }).toolChoice, { name: "time" });
});

test("tools come before functions where a request has both, unless their list is empty", () => {
  const turn = read({ tools: [tool("a")], functions: [{ name: "b" }] });
  assert.deepEqual([turn.tools[0]?.name, turn.form.isLegacy], ["a", false]);
  const { tools, form } = read({ tools: [], functions: [{ name: "b" }] });
  assert.deepEqual([tools[0]?.name, form.isLegacy], ["b", true]);
  const left = read({ tools: [{ type: "custom" }], functions: [{ name: "b" }] });
  assert.deepEqual([left.tools, left.ignored, left.form.isLegacy], [[], ["tools[0]"], false]);
});

/** [the field at fault, the fields sent]. */
const REFUSED: readonly (readonly [string, object])[] = [
  ...["f", {}, 1].map((tools) => ["tools", { tools }] as const),
  ...["f", null, 1].map((held) => ["tools[0]", { tools: [held] }] as const),
  ...[undefined, 1].map((type) => ["tools[1].type", { tools: [tool("f"), { type }] }] as const),
  ["tools[0].function", { tools: [{ type: "function" }] }],
  ...[undefined, "", "a b", "a.b", "é", "x".repeat(65), 1].map(
    (name) => ["tools[0].function.name", { tools: [named(name)] }] as const,
  ),
  ["tools[2].function.name", { tools: [tool("f"), tool("g"), tool("f")] }],
  ...["x", 1, []].map((held) => ["tools[0].function.parameters", { tools: [tool("f", held)] }] as const),
  ["tools[0].function.parameters.type", { tools: [tool("f", { type: "string" })] }],
  ["tools[0].function.description", { tools: [{ type: "function", function: { name: "f", description: 1 } }] }],
  ...["any", "constructor", 1, []].map((held) => ["tool_choice", { tools: TOOLS, tool_choice: held }] as const),
  ["tool_choice", { tool_choice: "required" }],
  ["tool_choice", { tools: [{ type: "web_search" }], tool_choice: "required" }],
  ...[{}, { type: "tool" }].map((held) => ["tool_choice.type", { tools: TOOLS, tool_choice: held }] as const),
  ["tool_choice.function", { tools: TOOLS, tool_choice: { type: "function" } }],
  ...[undefined, 1, "sports", "__proto__"].map(
    (name) => ["tool_choice.function.name", { tools: TOOLS, tool_choice: named(name) }] as const,
  ),
  ["tool_choice.function.name", { tool_choice: named("weather") }],
  ["tool_choice.allowed_tools", { tools: TOOLS, tool_choice: { type: "allowed_tools" } }],
  ["tool_choice.allowed_tools.mode", { tools: TOOLS, tool_choice: allowed("none", "time") }],
  [
    "tool_choice.allowed_tools.tools",
    { tools: TOOLS, tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto" } } },
  ],
  [
    "tool_choice.allowed_tools.tools[1].function.name",
    { tools: TOOLS, tool_choice: allowed("auto", "time", "sports") },
  ],
  ["tool_choice.allowed_tools", { tools: TOOLS, tool_choice: allowed("required") }],
  ...["f", {}, 1].map((functions) => ["functions", { functions }] as const),
  ["functions[0]", { functions: ["f"] }],
  ["functions[0].name", { functions: [{}] }],
  ["functions[1].name", { functions: [{ name: "f" }, { name: "f" }] }],
  ["functions[0].parameters", { functions: [{ name: "f", parameters: 1 }] }],
  ...["required", "any", 1].map(
    (held) => ["function_call", { functions: [{ name: "f" }], function_call: held }] as const,
  ),
  ...[{}, { name: "g" }].map(
    (held) => ["function_call.name", { functions: [{ name: "f" }], function_call: held }] as const,
  ),
];

for (const [param, fields] of REFUSED) {
  test(`${param} is refused by name in ${JSON.stringify(fields).slice(0, 150)}`, () => checkRefused(fields, param));
}
