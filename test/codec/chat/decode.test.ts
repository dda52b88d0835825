/** The fields of a chat request: what each becomes, and what of it is refused by name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRefused, HI, read } from "./request.ts";

test("the smallest request asks for nothing but an answer", () => {
  assert.deepEqual(read(), {
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
    stream: false,
    store: false,
    ignored: [],
    asked: {},
    form: { model: "opus", includeUsage: false, includeProgress: false, isLegacy: false },
  });
});

const OPTIONAL = [
  ...[
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "stop",
    "response_format",
    "tools",
    "tool_choice",
  ],
  ...[
    "functions",
    "function_call",
    "parallel_tool_calls",
    "n",
    "logprobs",
    "top_logprobs",
    "modalities",
    "audio",
    "user",
    "metadata",
    "store",
  ],
  ...[
    "temperature",
    "top_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "prediction",
    "service_tier",
    "anything",
  ],
];

test("a field that is null asks for nothing, whichever it is", () => {
  for (const name of OPTIONAL) assert.deepEqual(read({ [name]: null }), read(), name);
});

test("streaming is what `stream` says, and usage what `stream_options` say", () => {
  assert.equal(read({ stream: true }).stream, true);
  assert.equal(read({ stream: false }).stream, false);
  assert.equal(read({ stream: true, stream_options: { include_usage: true } }).form.includeUsage, true);
  assert.equal(read({ stream: true, stream_options: { include_usage: false } }).form.includeUsage, false);
  assert.equal(read({ stream_options: { include_usage: null, include_obfuscation: false } }).form.includeUsage, false);
});

test("the output limit is read under both names, the newer one first", () => {
  assert.equal(read({ max_tokens: 77 }).maxTokens, 77);
  assert.equal(read({ max_completion_tokens: 88 }).maxTokens, 88);
  assert.equal(read({ max_tokens: 77, max_completion_tokens: 88 }).maxTokens, 88);
});

test("effort is OpenAI's words in the CLI's", () => {
  const words = { minimal: "low", low: "low", medium: "medium", high: "high", xhigh: "xhigh", max: "max" };
  for (const [sent, effort] of Object.entries(words)) assert.equal(read({ reasoning_effort: sent }).effort, effort);
});

test("an effort shows the thinking, and none switches it off", () => {
  assert.deepEqual(read({ reasoning_effort: "high" }).thinking, { mode: "shown" });
  const { effort, thinking, ignored } = read({ reasoning_effort: "none" });
  assert.deepEqual([effort, thinking, ignored], [undefined, { mode: "off" }, []]);
});

test("stop is one sequence or up to four", () => {
  assert.deepEqual(read({ stop: "\n" }).stop, ["\n"]);
  assert.deepEqual(read({ stop: ["a", "b", "c", "🎉"] }).stop, ["a", "b", "c", "🎉"]);
  assert.deepEqual(read({ stop: [] }).stop, []);
});

test("a format is text, any JSON object, or the schema that was given", () => {
  const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"], $defs: { x: {} } };
  assert.deepEqual(read({ response_format: { type: "text" } }).format, { type: "text" });
  assert.deepEqual(read({ response_format: { type: "json_object" } }).format, {
    type: "json",
    schema: { type: "object" },
  });
  assert.deepEqual(read({ response_format: { type: "json_object", schema } }).format, { type: "json", schema });
  const named = { type: "json_schema", json_schema: { name: "answer", strict: true, schema } };
  assert.deepEqual(read({ response_format: named }).format, { type: "json", schema });
});

test("settings the CLI cannot honour are named, in the order they were sent, and no others", () => {
  const sent = {
    seed: 7,
    presence_penalty: 0,
    frequency_penalty: 0,
    logit_bias: {},
    service_tier: "flex",
    verbosity: "low",
  };
  assert.deepEqual(read(sent).ignored, Object.keys(sent));
  const honoured = {
    user: "me",
    metadata: { a: "b" },
    store: false,
    n: 1,
    logprobs: false,
    top_logprobs: 0,
    modalities: ["text"],
    stop: "x",
    stream: true,
    service_tier: "auto",
  };
  assert.deepEqual(read(honoured).ignored, []);
});

test("sampling is read with the fields that ask for it; a temperature above the API's most is taken for that", () => {
  const { sampling, asked, ignored } = read({ temperature: 1.5, top_p: 0.9, top_k: 5 });
  assert.deepEqual(sampling, { temperature: 1, topP: 0.9, topK: 5 });
  assert.deepEqual([asked, ignored], [{ sampling: ["temperature", "top_p", "top_k"] }, []]);
  assert.deepEqual(read({ temperature: 0 }).sampling, { temperature: 0, topP: undefined, topK: undefined });
  for (const none of [{}, { temperature: null }, { top_k: 0 }, { top_k: -1 }])
    assert.deepEqual([read(none).sampling, read(none).asked, read(none).ignored], [undefined, {}, []]);
});

test("limits of a search are named, and what asks for nothing is not", () => {
  const { webSearch, ignored } = read({ web_search_options: { search_context_size: "medium" } });
  assert.deepEqual([webSearch, ignored], [true, []]);
  const limits = { search_context_size: "low", user_location: { type: "approximate" } };
  const paths = ["web_search_options.search_context_size", "web_search_options.user_location"];
  assert.deepEqual(read({ web_search_options: limits }).ignored, paths);
});

test("the tiers priority and fast ask for the fast mode, and the usual ones for nothing", () => {
  for (const service_tier of ["priority", "fast"]) {
    const { speed, asked, ignored } = read({ service_tier, temperature: 0 });
    assert.deepEqual([speed, asked, ignored], ["fast", { sampling: ["temperature"], speed: ["service_tier"] }, []]);
  }
  for (const service_tier of ["auto", "default", null]) {
    const usual = read({ service_tier });
    assert.deepEqual([usual.speed, usual.asked, usual.ignored], [undefined, {}, []]);
  }
});

test("a field of a name that is an object member's is ignored like any other", () => {
  const body = JSON.parse(
    '{"model":"opus","messages":[{"role":"user","content":"hi"}],"__proto__":{"stream":true},"constructor":1}',
  ) as object;
  const turn = read(body);
  assert.equal(turn.stream, false);
  assert.ok(turn.ignored.includes("constructor"));
});

test("the same body is read alike every time, and is not changed", () => {
  const body = {
    tools: [{ type: "function", function: { name: "f", parameters: { properties: {} } } }],
    temperature: 1,
    stop: ["x"],
  };
  const before = structuredClone(body);
  assert.deepEqual(read(body), read(body));
  assert.deepEqual(body, before);
});

/** [the field at fault, the fields sent]. */
const REFUSED: readonly (readonly [string, unknown])[] = [
  ...[null, undefined, "text", 1, true, []].map((body) => ["body", body] as const),
  ...[undefined, null, "", 1, {}, ["opus"]].map((model) => ["model", { model }] as const),
  ...[undefined, null, "hi", {}, 1].map((messages) => ["messages", { messages }] as const),
  ["messages", { messages: [] }],
  ["messages", { messages: [{ role: "user", content: " \n" }] }],
  ["messages", { messages: [HI, { role: "assistant", content: "ok" }] }],
  ["messages", { messages: [{ role: "system", content: "be kind" }] }],
  ...["true", 1, {}].map((stream) => ["stream", { stream }] as const),
  ...["x", 1, true, []].map((held) => ["stream_options", { stream_options: held }] as const),
  ["stream_options.include_usage", { stream_options: { include_usage: "yes" } }],
  ...[0, -1, 1.5, "100", true, 1e30].map((max_tokens) => ["max_tokens", { max_tokens }] as const),
  ...[0, -1, 1.5, "100", []].map((held) => ["max_completion_tokens", { max_completion_tokens: held }] as const),
  ["max_tokens", { max_tokens: "x", max_completion_tokens: 10 }],
  ...["hardest", "", "constructor", "__proto__", 1, {}].map(
    (held) => ["reasoning_effort", { reasoning_effort: held }] as const,
  ),
  ...["", 1, {}, ["a", "b", "c", "d", "e"]].map((stop) => ["stop", { stop }] as const),
  ["stop[1]", { stop: ["a", ""] }],
  ["stop[0]", { stop: [1] }],
  ...["json", 1, []].map((held) => ["response_format", { response_format: held }] as const),
  ...[{}, { type: "grammar" }, { type: 1 }].map((held) => ["response_format.type", { response_format: held }] as const),
  ["response_format.json_schema", { response_format: { type: "json_schema" } }],
  ["response_format.json_schema.schema", { response_format: { type: "json_schema", json_schema: { name: "x" } } }],
  [
    "response_format.json_schema.schema.type",
    { response_format: { type: "json_schema", json_schema: { schema: { type: "array" } } } },
  ],
  ["response_format.schema", { response_format: { type: "json_object", schema: "x" } }],
  ["response_format.schema.type", { response_format: { type: "json_object", schema: { type: "string" } } }],
  ...["yes", 1, {}].map((held) => ["parallel_tool_calls", { parallel_tool_calls: held }] as const),
  ...[2, 0, "1", true].map((n) => ["n", { n }] as const),
  ...[true, 1, "no"].map((logprobs) => ["logprobs", { logprobs }] as const),
  ...[1, 5, "0"].map((held) => ["top_logprobs", { top_logprobs: held }] as const),
  ["audio", { audio: { voice: "alloy", format: "wav" } }],
  ...[["text", "audio"], ["audio"], [1]].map((modalities) => ["modalities", { modalities }] as const),
  ["modalities", { modalities: "text" }],
  ...[1, {}, []].map((held) => ["user", { user: held }] as const),
  ...[-0.1, 2.1, "0.5", true, []].map((temperature) => ["temperature", { temperature }] as const),
  ...[-0.1, 1.1, "1"].map((top_p) => ["top_p", { top_p }] as const),
  ...[-2, 1.5, "5"].map((top_k) => ["top_k", { top_k }] as const),
];

for (const [param, fields] of REFUSED) {
  test(`${param} is refused by name in ${JSON.stringify(fields)}`, () => checkRefused(fields, param));
}

test("a refusal shows a few characters of what was sent, never all of it", () => {
  checkRefused({ model: { prompt: "secret ".repeat(100_000) } }, "model");
});

test("a value nested deeper than the stack is refused like any other", () => {
  const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`) as unknown;
  checkRefused({ model: deep }, "model");
});
