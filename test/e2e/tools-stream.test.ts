/** Tool calls as they stream, and the requests about tools that are refused. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { assistant, readStream, user } from "../helpers/answer.ts";
import { createLatch, readStarts } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import { NO_SPARES } from "../helpers/session.ts";
import { ask, byId, call, calling, foldCalls, inTurn, lastBlocks, result, textResult, tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: NO_SPARES });
beforeEach(() => upstream.reset());

const TOOLS = [tool("look"), tool("find")];

/** What the next test asks: it goes on with what the last one has heard, in the same process. */
let next: readonly object[] = [user("go")];

test("parallel calls of one answer have an index and an id each; empty arguments come as {}", async () => {
  const steps = [call("look", { q: "a" }, "toolu_A"), call("find", {}, "toolu_B"), call("look", { q: "c" }, "toolu_C")];
  upstream.answer(inTurn(steps));
  const messages = next;
  const { chunks, text } = await readStream(
    await proxy.chat({ model: "sonnet", stream: true, messages, tools: TOOLS }),
  );
  const made = foldCalls(chunks);
  assert.equal(text, "");
  assert.deepEqual(made, [
    { id: "tooluA", name: "look", json: '{"q":"a"}' },
    { id: "tooluB", name: "find", json: "{}" },
    { id: "tooluC", name: "look", json: '{"q":"c"}' },
  ]);
  const history = calling(...made.map(({ id, name, json }) => [id, name, JSON.parse(json) as unknown] as const));
  const results = made.map(({ id }) => result(id, `of ${id}`));
  const second = await readStream(
    await proxy.chat({ model: "sonnet", stream: true, messages: [...messages, history, ...results], tools: TOOLS }),
  );
  assert.equal(second.text, "done");
  assert.deepEqual(
    byId(lastBlocks(upstream.calls[1])),
    ["A", "B", "C"].map((id) => textResult(`toolu_${id}`, `of toolu${id}`)),
  );
  assert.equal(readStarts(proxy).length, 1);
  next = [...messages, history, ...results, assistant("done"), user("go")];
});

test("twelve parallel calls are all held, and all answered at once", async () => {
  const ids = Array.from({ length: 12 }, (_, at) => `toolu_${String.fromCharCode(97 + at)}`);
  upstream.answer(inTurn(ids.map((id) => call("look", { q: id }, id))));
  const messages = next;
  const first = await ask(proxy, { messages, tools: TOOLS });
  assert.equal(first.message.tool_calls?.length, 12);
  const results = ids.map((id) => result(id, `of ${id}`)).toReversed();
  const second = await ask(proxy, { messages: [...messages, first.message, ...results], tools: TOOLS });
  assert.equal(second.message.content, "done");
  assert.deepEqual(
    byId(lastBlocks(upstream.calls[1])),
    ids.map((id) => textResult(id, `of ${id}`)),
  );
  next = [...messages, first.message, ...results, assistant("done"), user("go")];
});

test("text before a call is kept, and the call's arguments come piece by piece", async () => {
  const input = { q: "a long enough argument, with ünï¢ode 👩‍👩‍👧", list: [1, 2.5, null, { deep: true }] };
  upstream.answer(inTurn([{ text: ["Let me", " look."] }, call("look", input, "toolu_s-1")]));
  const { chunks, text, data } = await readStream(
    await proxy.chat({ model: "sonnet", stream: true, messages: next, tools: TOOLS }),
  );
  assert.equal(text, "Let me look.");
  assert.deepEqual(foldCalls(chunks), [{ id: "toolus1", name: "look", json: JSON.stringify(input) }]);
  const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  assert.ok(deltas.length > 3, "the arguments came in pieces");
  assert.deepEqual(deltas[0], { index: 0, id: "toolus1", type: "function", function: { name: "look", arguments: "" } });
  const at = chunks.findIndex(({ choices }) => choices[0]?.delta.tool_calls);
  assert.ok(
    chunks.slice(at).every(({ choices }) => (choices[0]?.delta.content ?? "") === ""),
    "no text follows the call",
  );
  assert.deepEqual(
    chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? []),
    ["tool_calls"],
  );
  assert.equal(data.at(-1), "[DONE]");
  next = [...next, { ...calling(["toolus1", "look", input]), content: text }, result("toolus1", "seen")];
});

test("a piece of the arguments is passed on before the next one is there", async () => {
  const sent = createLatch();
  upstream.answer(
    inTurn([
      call("look", { q: "first" }, "toolu_w1"),
      { until: sent.opened },
      call("find", { q: "second" }, "toolu_w2"),
    ]),
  );
  const response = await proxy.chat({ model: "sonnet", stream: true, messages: next, tools: TOOLS });
  const decoder = new TextDecoder();
  let seen = "";
  for await (const bytes of response.body ?? []) {
    seen += decoder.decode(bytes as Uint8Array, { stream: true });
    if (seen.includes('irst\\"}')) sent.open();
  }
  assert.ok(seen.includes("tooluw2"));
  assert.ok(seen.endsWith("data: [DONE]\n\n"));
  const history = calling(["tooluw1", "look", { q: "first" }], ["tooluw2", "find", { q: "second" }]);
  next = [...next, history, result("tooluw1", "one"), result("tooluw2", "two")];
});

const FUNCTIONS = TOOLS.map((held) => (held as { function: object }).function);

test("a legacy stream has function_call deltas", async () => {
  upstream.answer(inTurn([call("look", { q: "legacy argument" }, "toolu_l1")]));
  const { chunks } = await readStream(
    await proxy.chat({ model: "sonnet", stream: true, messages: next, functions: FUNCTIONS }),
  );
  const deltas = chunks.flatMap(
    ({ choices }) =>
      (choices[0]?.delta as { function_call?: { name?: string; arguments?: string } } | undefined)?.function_call ?? [],
  );
  assert.equal(deltas[0]?.name, "look");
  assert.equal(deltas.map((delta) => delta.arguments ?? "").join(""), '{"q":"legacy argument"}');
  assert.deepEqual(
    chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? []),
    ["function_call"],
  );
});

test("a forced call streams as an ordinary one", async () => {
  upstream.answer(
    inTurn([{ text: "Hm." }, { tool: "StructuredOutput", input: { q: "forced argument" }, id: "toolu_f1" }]),
  );
  const body = {
    model: "sonnet",
    stream: true,
    messages: [user("go")],
    tools: TOOLS,
    tool_choice: { type: "function", function: { name: "find" } },
  };
  const { chunks, text } = await readStream(await proxy.chat(body));
  assert.equal(text, "");
  const [made, ...others] = foldCalls(chunks);
  assert.deepEqual([made?.name, made?.json, others.length], ["find", '{"q":"forced argument"}', 0]);
  assert.deepEqual(
    chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? []),
    ["tool_calls"],
  );
});

const HISTORY = [user("go"), calling(["callA", "look", {}], ["callB", "find", {}])];
const REFUSED: readonly (readonly [what: string, body: object, param: string])[] = [
  ["a result is missing at the end", { messages: [...HISTORY, result("callA", "x")], tools: TOOLS }, "messages[1]"],
  [
    "a result is missing in mid-history",
    { messages: [...HISTORY, result("callA", "x"), user("next")], tools: TOOLS },
    "messages[1]",
  ],
  [
    "a result has an unknown id",
    { messages: [...HISTORY, result("callZ", "x")], tools: TOOLS },
    "messages[2].tool_call_id",
  ],
  [
    "a result stands twice",
    { messages: [...HISTORY, result("callA", "x"), result("callA", "x")], tools: TOOLS },
    "messages[3].tool_call_id",
  ],
  [
    "a result has no id",
    { messages: [...HISTORY, { role: "tool", content: "x" }], tools: TOOLS },
    "messages[2].tool_call_id",
  ],
  [
    "a result has no call before it",
    { messages: [user("go"), result("callA", "x")], tools: TOOLS },
    "messages[1].tool_call_id",
  ],
  ["a name stands twice", { messages: [user("go")], tools: [tool("look"), tool("look")] }, "tools[1].function.name"],
  [
    "a legacy name stands twice",
    { messages: [user("go")], functions: [{ name: "look" }, { name: "look" }] },
    "functions[1].name",
  ],
  ["a name has a space", { messages: [user("go")], tools: [tool("two words")] }, "tools[0].function.name"],
  ["a name is too long", { messages: [user("go")], tools: [tool("n".repeat(65))] }, "tools[0].function.name"],
  ["a name is empty", { messages: [user("go")], tools: [tool("")] }, "tools[0].function.name"],
  [
    "a name is no string",
    { messages: [user("go")], tools: [{ type: "function", function: { name: 7 } }] },
    "tools[0].function.name",
  ],
  [
    "the parameters are no object",
    { messages: [user("go")], tools: [tool("look", "string")] },
    "tools[0].function.parameters",
  ],
  [
    "the parameters describe no object",
    { messages: [user("go")], tools: [tool("look", { type: "array" })] },
    "tools[0].function.parameters.type",
  ],
  [
    "the chosen tool is unknown",
    { messages: [user("go")], tools: TOOLS, tool_choice: { type: "function", function: { name: "nope" } } },
    "tool_choice.function.name",
  ],
  [
    "an allowed tool is unknown",
    {
      messages: [user("go")],
      tools: TOOLS,
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "nope" } }] },
      },
    },
    "tool_choice.allowed_tools.tools[0].function.name",
  ],
  [
    "the choice is no word that is known",
    { messages: [user("go")], tools: TOOLS, tool_choice: "maybe" },
    "tool_choice",
  ],
  ["required has no tools", { messages: [user("go")], tool_choice: "required" }, "tool_choice"],
];

test("a request that cannot be meant is refused, naming the field", async () => {
  const known = readStarts(proxy).length;
  for (const [what, body, param] of REFUSED) {
    const { status, error } = await ask(proxy, body);
    assert.deepEqual([status, error.type, error.param], [400, "invalid_request_error", param], what);
    assert.ok(error.message.includes(param), what);
  }
  assert.equal(upstream.calls.length, 0);
  assert.equal(readStarts(proxy).length, known);
});
