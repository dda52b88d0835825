/** Ollama's requests: every field read, and every refusal naming the field at fault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeChat, decodeGenerate } from "../../../src/codec/ollama/decode.ts";
import { ollamaChat, ollamaGenerate } from "../../../src/codec/ollama/ollama.ts";
import { ProxyError } from "../../../src/core/error.ts";
import { createModels } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/core/turn.ts";
import { finish } from "../../../src/lib/work.ts";
import { META } from "../wire.ts";

const user = (content: string, rest: object = {}): object => ({ role: "user", content, ...rest });
const call = (name: string, rest: object = {}): object => ({ function: { name, arguments: { a: 1 } }, ...rest });
const calling = (...calls: readonly object[]): object => ({ role: "assistant", content: "", tool_calls: calls });
const result = (content: string, rest: object = {}): object => ({ role: "tool", content, ...rest });

const chat = (fields: object = {}): Turn =>
  finish(decodeChat({ model: "opus", messages: [user("hi")], ...fields })).turn;
const generate = (fields: object = {}): Turn => finish(decodeGenerate({ model: "opus", prompt: "hi", ...fields })).turn;

test("the smallest request asks for nothing but a stream", () => {
  const { turn, delivery, form } = finish(decodeChat({ model: "opus:latest", messages: [user("hi")] }));
  assert.deepEqual(turn, {
    model: "opus",
    system: "",
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    tools: [],
    toolChoice: "auto",
    webSearch: false,
    parallelCalls: true,
    effort: undefined,
    thinking: { mode: "default" },
    maxTokens: undefined,
    stop: [],
    format: { type: "text" },
  });
  assert.deepEqual(delivery, { stream: true, store: false, ignored: [], asked: {} });
  assert.deepEqual(form, { kind: "chat", model: "opus" });
  assert.deepEqual(generate({ model: "opus:latest" }), turn);
});

test("think, format, options and stream are read", () => {
  assert.deepEqual(chat({ think: true }).thinking, { mode: "shown" });
  assert.deepEqual(chat({ think: false }).thinking, { mode: "off" });
  assert.deepEqual([chat({ think: "high" }).effort, chat({ think: "high" }).thinking.mode], ["high", "shown"]);
  assert.deepEqual(chat({ format: "" }).format, { type: "text" });
  assert.deepEqual(chat({ format: "json" }).format, { type: "json", schema: { type: "object" } });
  const schema = { type: "object", properties: { a: { type: "string" } } };
  assert.deepEqual(chat({ format: schema }).format, { type: "json", schema });
  assert.deepEqual(
    [chat({ options: { num_predict: 7 } }).maxTokens, chat({ options: { num_predict: -1 } }).maxTokens],
    [7, undefined],
  );
  assert.deepEqual(
    [chat({ options: { stop: "x" } }).stop, chat({ options: { stop: ["x", "y"] } }).stop],
    [["x"], ["x", "y"]],
  );
  assert.equal(finish(decodeChat({ model: "opus", messages: [user("hi")], stream: false })).delivery.stream, false);
});

test("what cannot be honoured is named, and what asks for nothing is not", () => {
  const asked = { options: { num_ctx: 1, temperature: 0.5, stop: [] }, keep_alive: "5m", template: "x", context: [1] };
  const { turn, delivery } = finish(decodeGenerate({ model: "opus", prompt: "hi", ...asked }));
  assert.deepEqual(delivery.ignored, ["template", "context", "options.num_ctx"]);
  assert.deepEqual(delivery.asked, { sampling: ["options.temperature"] });
  assert.deepEqual(turn.sampling, { temperature: 0.5, topP: undefined, topK: undefined });
});

test("system messages, wherever they stand, are the system prompt; a raw prompt goes without one", () => {
  const { system, messages } = chat({
    messages: [{ role: "system", content: "one" }, user("hi"), { role: "system", content: "two" }],
  });
  assert.deepEqual([system, messages.length], ["one\n\ntwo", 1]);
  assert.equal(generate({ system: "one" }).system, "one");
  assert.equal(generate({ system: "one", raw: true }).system, "");
});

test("the type of an image is read from its first bytes", () => {
  const images = ["iVBORw0KGgoAAAAA", "/9j/AAAA", "R0lGODAA", "UklGRAAA", "data:image/png;base64,AAAA"];
  for (const turn of [chat({ messages: [user("look", { images })] }), generate({ images })]) {
    const types = turn.messages[0]?.content.map((part) =>
      part.type === "image" && part.source.type === "base64" ? part.source.mediaType : part.type,
    );
    assert.deepEqual(types, ["text", "image/png", "image/jpeg", "image/gif", "image/webp", "image/png"]);
  }
});

test("results meet their calls by id, by the tool's name, or by their order", () => {
  const cases = [
    [
      [call("a", { id: "call_1" }), call("b", { id: "call_2" })],
      [result("B", { tool_call_id: "call_2" }), result("A", { tool_call_id: "call_1" })],
    ],
    [
      [call("a"), call("b")],
      [result("B", { tool_name: "b" }), result("A", { tool_name: "a" })],
    ],
    [
      [call("b"), call("a")],
      [result("B"), result("A")],
    ],
  ];
  for (const [calls = [], results = []] of cases) {
    const { messages } = chat({ messages: [user("hi"), calling(...calls), ...results] });
    const made = new Map(
      messages[1]?.content.flatMap((part) => (part.type === "call" ? [[part.id, part.name] as const] : [])),
    );
    const given = messages[2]?.content.flatMap((part) =>
      part.type === "result" ? [[made.get(part.id), part.content[0]]] : [],
    );
    assert.deepEqual(given, [
      ["b", { type: "text", text: "B" }],
      ["a", { type: "text", text: "A" }],
    ]);
  }
});

test("of a history that was trimmed, a result without its call and a call without its result are left out", () => {
  const shapeOf = (messages: readonly object[]): unknown =>
    chat({ messages }).messages.map(({ role, content }) => [role, ...content.map(({ type }) => type)]);
  const asked = user("hi");
  for (const orphan of [{}, { tool_name: "a" }, { tool_call_id: "call_0" }]) {
    assert.deepEqual(shapeOf([result("A", orphan), asked]), [["user", "text"]], JSON.stringify(orphan));
    assert.deepEqual(shapeOf([asked, calling(call("a")), result("A"), result("B", orphan)]), [
      ["user", "text"],
      ["assistant", "call"],
      ["user", "result"],
    ]);
  }
  assert.deepEqual(shapeOf([asked, calling(call("a")), asked]), [["user", "text", "text"]]);
  assert.deepEqual(shapeOf([asked, calling(call("a"))]), [["user", "text"]]);
  const named = [call("a", { id: "call_1" }), call("b", { id: "call_2" })];
  assert.deepEqual(shapeOf([asked, calling(...named), result("B", { tool_call_id: "call_2" }), asked]), [
    ["user", "text"],
    ["assistant", "call"],
    ["user", "result", "text"],
  ]);
  assert.deepEqual(shapeOf([asked, { ...calling(call("a")), content: "Let me see" }, asked]), [
    ["user", "text"],
    ["assistant", "text"],
    ["user", "text"],
  ]);
});

const MODELS = createModels(new Map());

test("a request that asks nothing loads its model, or unloads it, and any other does not", () => {
  const reasonOf = (codec: typeof ollamaChat, body: object): unknown => {
    const answer = codec.answerAtOnce?.({ model: "opus", ...body }, META, MODELS);
    return answer === undefined ? undefined : (answer as { done_reason: string }).done_reason;
  };
  assert.equal(reasonOf(ollamaChat, {}), "load");
  assert.equal(reasonOf(ollamaChat, { messages: [] }), "load");
  assert.equal(reasonOf(ollamaChat, { messages: [], keep_alive: 0 }), "unload");
  assert.equal(reasonOf(ollamaChat, { messages: [user("hi")] }), undefined);
  assert.equal(reasonOf(ollamaGenerate, { prompt: "" }), "load");
  assert.equal(reasonOf(ollamaGenerate, { prompt: "hi" }), undefined);
  assert.equal(reasonOf(ollamaGenerate, { images: ["iVBORw0KGgoAAAAA"] }), undefined);
});

test("a model that is not there is neither loaded nor unloaded", () => {
  for (const body of [{ model: "nope" }, { model: "nope:latest", keep_alive: 0 }])
    for (const codec of [ollamaChat, ollamaGenerate])
      assert.throws(() => codec.answerAtOnce?.(body, META, MODELS), { kind: "model_not_found" });
});

/** [the field at fault, the fields sent]. */
const REFUSED: readonly (readonly [string, object])[] = [
  ["model", { model: 1 }],
  ["model", { model: ":latest" }],
  ["messages", { messages: "hi" }],
  ["messages[0].role", { messages: [{ role: "critic", content: "hi" }] }],
  ["messages[0].content", { messages: [user("hi"), { role: "user", content: [{ type: "text" }] }].slice(1) }],
  ["messages[0].images[0]", { messages: [user("look", { images: ["AAAA"] })] }],
  ["messages[1].tool_calls[0].function", { messages: [user("hi"), calling({ name: "a" })] }],
  ["messages", { messages: [result("A", { tool_name: "a" })] }],
  ["think", { think: 1 }],
  ["think", { think: "huge" }],
  ["format", { format: "xml" }],
  ["format.type", { format: { type: "array" } }],
  ["options.num_predict", { options: { num_predict: "7" } }],
  ["options.stop", { options: { stop: 1 } }],
  ["stream", { stream: "yes" }],
  ["tools[0].function", { tools: [{ type: "function" }] }],
];

for (const [param, fields] of REFUSED) {
  test(`${param} is refused by name in ${JSON.stringify(fields)}`, () => {
    assert.throws(
      () => chat(fields),
      (error) => error instanceof ProxyError && error.kind === "invalid_request" && error.param === param,
    );
  });
}
