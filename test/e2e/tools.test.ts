/** The client's tools on their way to the API, and the choice among them, against the real CLI. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, user } from "../helpers/answer.ts";
import { readStarts } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import type { Scope } from "../helpers/scope.ts";
import { ask, call, calling, idsOf, inTurn, lastBlocks, result, textResult, tool } from "../helpers/tools.ts";
import type { Answer } from "../helpers/tools.ts";
import { toPlainMessages } from "../helpers/upstream.ts";
import type { ApiCall } from "../helpers/upstream.ts";

const NAMED = (name: string): object => ({ type: "function", function: { name } });
const namesAt = (held: ApiCall | undefined): string[] => (held?.body.tools ?? []).map(({ name }) => name);
const schemaAt = (held: ApiCall | undefined, name: string): unknown =>
  held?.body.tools?.find((offered) => offered.name === name)?.input_schema;
const callsIn = ({ message }: Answer): [string, unknown][] =>
  (message.tool_calls ?? []).map((made) => [made.function.name, JSON.parse(made.function.arguments) as unknown]);

const SCHEMAS = {
  deep: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      a: {
        type: "object",
        properties: {
          b: {
            type: "array",
            items: { type: "object", properties: { c: { type: ["string", "null"], minLength: 1 } } },
          },
        },
      },
    },
    required: ["a"],
    additionalProperties: false,
  },
  refs: {
    type: "object",
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" }, value: { type: "number" } } } },
    properties: { root: { $ref: "#/$defs/node" }, kind: { enum: ["one", "two", 3, null] } },
    required: ["root"],
  },
  choice: {
    type: "object",
    properties: { v: { anyOf: [{ type: "string", format: "date-time" }, { const: 1 }] }, when: { default: "now" } },
  },
  empty: { type: "object", properties: {} },
};

const LONG = `${"long ".repeat(4000)}end`;
const WORDS = 'Größe, naïve café, 日本語の説明, עברית, 😀 → ≤ «x» <b> & \\n "q"';
const WORDY = {
  type: "object",
  properties: { size: { type: "string", title: WORDS, description: WORDS, enum: [WORDS, ""], default: WORDS } },
};
const describe = (name: string, definition: object): object => ({
  type: "function",
  function: { name, ...definition },
});

const MANY = Array.from({ length: 120 }, (_, at) => `tool_${at}`);

interface Offer {
  readonly offer: ApiCall;
  readonly answer: Answer;
}

let offered: Promise<Offer> | undefined;

/** One request with more than a hundred tools, of every form, and its call to the API: several tests look at them. */
const readOffer = (t: Scope): Promise<Offer> => (offered ??= offerAll(t));

async function offerAll(t: Scope): Promise<Offer> {
  const { upstream, proxy } = await startPair(t);
  upstream.answer(inTurn([call("tool_77", { q: "x" }, "toolu_many")]));
  const tools = [
    ...Object.entries(SCHEMAS).map(([name, schema]) => tool(name, schema)),
    tool("With-Hyphen__9"),
    describe("absent", {}),
    tool("blank", {}),
    tool("untyped", { properties: { q: { type: "string" } }, required: ["q"] }),
    describe("long", { description: LONG }),
    describe("words", { description: WORDS, parameters: WORDY }),
    ...MANY.map((name) => tool(name)),
  ];
  const answer = await ask(proxy, { messages: [user("hi")], tools });
  assert.equal(answer.status, 200);
  return { offer: upstream.calls[0] ?? assert.fail(), answer };
}

const descriptionAt = (held: ApiCall, name: string): unknown =>
  held.body.tools?.find((tool) => tool.name === `mcp__client__${name}`)?.description;

test("schemas, names and descriptions reach the API as they are, with no other tool beside them", async (t) => {
  const { offer } = await readOffer(t);
  for (const [name, schema] of Object.entries(SCHEMAS))
    assert.deepEqual(schemaAt(offer, `mcp__client__${name}`), schema);
  const own = ["With-Hyphen__9", "absent", "blank", "untyped", "long", "words"];
  const expected = [...Object.keys(SCHEMAS), ...own, ...MANY].map((name) => `mcp__client__${name}`);
  assert.deepEqual(namesAt(offer).sort(), expected.sort());
  assert.equal(descriptionAt(offer, "deep"), "does deep");
});

test("a schema that is absent, empty or without a type still describes an object", async (t) => {
  const { offer } = await readOffer(t);
  assert.deepEqual(schemaAt(offer, "mcp__client__absent"), { type: "object", properties: {} });
  assert.deepEqual(schemaAt(offer, "mcp__client__blank"), { type: "object", properties: {} });
  assert.deepEqual(schemaAt(offer, "mcp__client__untyped"), {
    type: "object",
    properties: { q: { type: "string" } },
    required: ["q"],
  });
});

test("a description of 20,000 characters reaches the API whole", async (t) => {
  const { offer } = await readOffer(t);
  assert.equal(descriptionAt(offer, "long"), LONG);
});

test("texts of a tool in other scripts reach the API as they are", async (t) => {
  const { offer } = await readOffer(t);
  assert.equal(descriptionAt(offer, "words"), WORDS);
  assert.deepEqual(schemaAt(offer, "mcp__client__words"), WORDY);
});

test("120 tools and more are all offered at once, none deferred", async (t) => {
  const { offer, answer } = await readOffer(t);
  assert.deepEqual(callsIn(answer), [["tool_77", { q: "x" }]]);
  assert.ok(MANY.every((name) => namesAt(offer).includes(`mcp__client__${name}`)));
  assert.ok(offer.body.tools?.every((held) => !("defer_loading" in held)));
});

test("legacy functions are answered with one function_call, and its result is understood", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer(inTurn([call("look", { q: "x" }, "toolu_l1"), call("look", { q: "y" }, "toolu_l2")]));
  const functions = [{ name: "look", description: "looks", parameters: SCHEMAS.empty }];
  const messages = [user("go")];
  const first = await ask(proxy, { messages, functions });
  assert.equal(first.finish, "function_call");
  assert.deepEqual(first.message, {
    role: "assistant",
    content: null,
    refusal: null,
    function_call: { name: "look", arguments: '{"q":"x"}' },
  });
  messages.push(first.message, { role: "function", name: "look", content: "seen" });
  const second = await ask(proxy, { messages, functions });
  assert.deepEqual([second.finish, second.message.content], ["stop", "done"]);
  const [block] = lastBlocks(upstream.calls.at(-1));
  assert.equal(block?.["type"], "tool_result");
  assert.deepEqual(block?.["content"], [{ type: "text", text: "seen" }]);
  messages.push(second.message, user("go"));
  const named = await ask(proxy, { messages, functions, function_call: "none" });
  assert.equal(named.message.content, "done");
  assert.deepEqual(upstream.calls.at(-1)?.body["tool_choice"], { type: "none" });
});

test("tool_choice none forbids the tools it leaves in the prompt, also after a history of calls; auto offers all", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const tools = [tool("one"), tool("two")];
  await ask(proxy, { messages: [user("hi")], tools, tool_choice: "none" });
  assert.deepEqual(upstream.calls[0]?.body["tool_choice"], { type: "none" });
  const next = [user("hi"), assistant("Hello world"), user("hi")];
  await ask(proxy, { messages: next, tools, tool_choice: "auto" });
  assert.equal(upstream.calls[1]?.body["tool_choice"], undefined);
  assert.deepEqual(namesAt(upstream.calls[0]), namesAt(upstream.calls[1]));
  assert.deepEqual(namesAt(upstream.calls[1]), ["mcp__client__one", "mcp__client__two"]);
  const messages = [user("go"), calling(["callN1", "one", { q: "a" }]), result("callN1", "found")];
  const last = await ask(proxy, { messages, tools, tool_choice: "none" });
  assert.equal(last.message.content, "Hello world");
  assert.deepEqual(upstream.calls[2]?.body["tool_choice"], { type: "none" });
  assert.deepEqual(lastBlocks(upstream.calls[2]), [textResult("callN1", "found")]);
});

test("allowed_tools offers the allowed ones alone", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const tools = [tool("one"), tool("two"), tool("three")];
  const allowed = (mode: string): object => ({
    type: "allowed_tools",
    allowed_tools: { mode, tools: [NAMED("three"), NAMED("one")] },
  });
  await ask(proxy, { messages: [user("hi")], tools, tool_choice: allowed("auto") });
  assert.deepEqual(namesAt(upstream.calls[0]).sort(), ["mcp__client__one", "mcp__client__three"]);
  const forced = { calls: [{ name: "three", arguments: { q: "x" } }] };
  upstream.answer((_, at) =>
    at === 1 ? [{ tool: "StructuredOutput", input: forced, id: "toolu_aw" }] : [{ text: "done" }],
  );
  const answer = await ask(proxy, { messages: [user("hi")], tools, tool_choice: allowed("required") });
  assert.deepEqual(callsIn(answer), [["three", { q: "x" }]]);
  assert.ok(!JSON.stringify(upstream.calls[1]?.body.tools).includes('"two"'));
});

/** What each of the schemas has, in one; and one that has nothing. */
const CHOSEN = {
  all: {
    ...SCHEMAS.deep,
    ...SCHEMAS.refs,
    properties: { ...SCHEMAS.deep.properties, ...SCHEMAS.refs.properties, ...SCHEMAS.choice.properties },
    required: ["a", "root"],
  },
  empty: SCHEMAS.empty,
};

test("a named choice is an ordinary call, whatever its schema, and its result goes on", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const input = { a: { b: [{ c: "x" }] }, root: { next: { value: 2 } }, kind: "two", v: 1 };
  const messages = [user("go")];
  const tools = [tool("other"), ...Object.entries(CHOSEN).map(([name, schema]) => tool(name, schema))];
  let last: object[] | undefined;
  for (const [at, [name, schema]] of Object.entries(CHOSEN).entries()) {
    const { properties } = schema;
    const fit = Object.fromEntries(Object.entries(input).filter(([key]) => key in properties));
    const first = upstream.calls.length;
    upstream.answer((_, call) =>
      call === first
        ? [{ text: "I shall." }, { tool: "StructuredOutput", input: fit, id: `toolu_n${at}` }]
        : [{ text: "done" }],
    );
    const answer = await ask(proxy, { messages, tools, tool_choice: NAMED(name) });
    assert.equal(answer.status, 200, answer.error.message);
    assert.deepEqual([answer.finish, callsIn(answer), answer.message.content], ["tool_calls", [[name, fit]], null]);
    assert.deepEqual(namesAt(upstream.calls[first]), ["StructuredOutput"]);
    const offered = upstream.calls[first]?.body.tools?.[0]?.input_schema as Record<string, unknown>;
    assert.deepEqual(offered["properties"], properties);
    // Each choice brings the result of the one before.
    if (last) assert.deepEqual(lastBlocks(upstream.calls[first]), last);
    const id = idsOf(answer)[0] ?? "";
    messages.push(answer.message, result(id, `of ${name}`));
    last = [textResult(id, `of ${name}`)];
  }
  assert.equal((await ask(proxy, { messages, tools })).message.content, "done");
  assert.deepEqual(lastBlocks(upstream.calls.at(-1)), last);
});

test("required gives the calls the model chose, of schemas with references too, and an output that does not fit is tried again", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const tools = Object.entries(SCHEMAS).map(([name, schema]) => tool(name, schema));
  const calls = [
    { name: "refs", arguments: { root: { next: { next: { value: 1 } } } } },
    { name: "empty", arguments: {} },
    { name: "deep", arguments: { a: { b: [] } } },
  ];
  const wrong = { calls: [{ name: "refs", arguments: { root: { next: "not a node" } } }] };
  upstream.answer(
    inTurn(
      [{ tool: "StructuredOutput", input: wrong, id: "toolu_r1" }],
      [{ tool: "StructuredOutput", input: { calls }, id: "toolu_r2" }],
    ),
  );
  const answer = await ask(proxy, { messages: [user("go")], tools, tool_choice: "required" });
  assert.equal(answer.status, 200, answer.error.message);
  assert.equal(answer.finish, "tool_calls");
  assert.deepEqual(
    callsIn(answer),
    calls.map(({ name, arguments: input }) => [name, input]),
  );
  const ids = answer.message.tool_calls?.map(({ id }) => id) ?? [];
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9]+$/);
  assert.equal(upstream.calls.length, 2);
});

for (const model of ["haiku", "claude-opus-4-5-20251101"]) {
  test(`${model}: after a tool round the API sees the client's words and nothing else`, async (t) => {
    const { upstream, proxy } = await startPair(t);
    upstream.answer(inTurn([call("look", { q: "a" }, "toolu1")], [call("look", { q: "b" }, "toolu2")]));
    const body = { model, messages: [user("hi")] as object[], tools: [tool("look")] };
    for (const id of ["toolu1", "toolu2"]) {
      const answer = await ask(proxy, body);
      assert.deepEqual(idsOf(answer), [id]);
      body.messages.push(answer.message, result(id, `saw ${id}`));
    }
    assert.equal((await ask(proxy, body)).message.content, "done");
    assert.equal(readStarts(proxy).length, 1);
    const [first, ...rest] = toPlainMessages(upstream.calls[2]);
    // The CLI's notes stand before the first words, once: a system message, or blocks of that message.
    assert.equal((first?.content as { text: string }[] | undefined)?.at(-1)?.text, "hi");
    assert.deepEqual(rest, [
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "toolu1", name: "mcp__client__look", input: { q: "a" } }],
      },
      { role: "user", content: [textResult("toolu1", "saw toolu1")] },
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "toolu2", name: "mcp__client__look", input: { q: "b" } }],
      },
      { role: "user", content: [textResult("toolu2", "saw toolu2")] },
    ]);
    assert.deepEqual(first?.content, toPlainMessages(upstream.calls[0])[0]?.content);
  });
}
