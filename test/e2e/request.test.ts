/** What a chat request asks for, as it reaches the API: prompts, images, files, limits, effort and JSON formats. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { assistant, readAnswer, readError, readStream, readUntil, user } from "../helpers/answer.ts";
import { createLatch, createThread, readStarts, untilEnded } from "../helpers/client.ts";
import type { Thread } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import { startUpstream, toPlainMessages } from "../helpers/upstream.ts";
import type { ApiCall } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--spares", "0"] });
beforeEach(() => upstream.reset());

/** Questions without a system prompt, and those to the largest model: a process for each. */
const plain = createThread(proxy);
const opus = createThread(proxy, { model: "opus" });

/** Reads an answer, and gives the one API call that came of it. */
async function readCall(response: Response): Promise<ApiCall> {
  await readAnswer(response);
  assert.equal(upstream.calls.length, 1);
  return upstream.calls[0] as ApiCall;
}

/** Sends a history of its own. */
const send = async (messages: readonly object[]): Promise<ApiCall> =>
  readCall(await proxy.chat({ model: "sonnet", messages }));

/** Asks the next question of a thread. */
async function ask(thread: Thread, content: unknown, rest: object = {}): Promise<ApiCall> {
  upstream.reset();
  return readCall(await thread.ask(content, rest));
}

const toSystem = (call: ApiCall): string[] => (call.body.system ?? []).map(({ text }) => text);
const toLastContent = (call: ApiCall): unknown => toPlainMessages(call).at(-1)?.content;
const text = (held: string): object => ({ type: "text", text: held });

/** One red pixel. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const PDF = Buffer.from(
  "%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
).toString("base64");

test("a bare question without a system prompt is a small call with nothing added", async () => {
  const call = await ask(plain, "hi");
  assert.ok(call.bytes <= 2200, `${call.bytes} bytes`);
  assert.deepEqual(toPlainMessages(call), [{ role: "user", content: [text("hi")] }]);
  assert.equal(call.body.tools?.length ?? 0, 0);
});

test("system and developer messages, wherever they stand, are one system prompt in their order", async () => {
  const call = await send([
    { role: "system", content: "First: answer in Latin. 🏛️" },
    user("one"),
    { role: "developer", content: [text("Second"), text("in parts")] },
    assistant("two"),
    user("three"),
    { role: "system", content: "Third." },
  ]);
  const own = toSystem(call).filter((held) => held.includes("Latin"));
  assert.deepEqual(own, ["First: answer in Latin. 🏛️\n\nSecond\nin parts\n\nThird."]);
  assert.deepEqual(
    toPlainMessages(call).map(({ role, content }) => [role, content]),
    [
      ["user", [text("one")]],
      ["assistant", [text("two")]],
      ["user", [text("three")]],
    ],
  );
});

test("content may be a string or a list of parts, in every role", async () => {
  const calls = [{ id: "call1", type: "function", function: { name: "look", arguments: "{}" } }];
  const call = await send([
    { role: "system", content: [text("Be"), text("brief.")] },
    { role: "user", content: [text("a"), text("b")], name: "Ada" },
    { role: "assistant", content: [text("c"), { type: "refusal", refusal: "d" }], name: "Bot" },
    user("e"),
    { role: "assistant", content: null, tool_calls: calls },
    { role: "tool", tool_call_id: "call1", content: [text("f"), text("g")], name: "look" },
    { role: "user", content: [text("h")] },
  ]);
  assert.ok(toSystem(call).includes("Be\nbrief."));
  assert.deepEqual(toPlainMessages(call), [
    { role: "user", content: [text("a"), text("b")] },
    { role: "assistant", content: [text("c"), text("d")] },
    { role: "user", content: [text("e")] },
    { role: "assistant", content: [{ type: "tool_use", id: "call1", name: "mcp__client__look", input: {} }] },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "call1", content: [text("f"), text("g")] }, text("h")],
    },
  ]);
});

test("images reach the API, by data and by address", async () => {
  const content = [
    text("What is this?"),
    { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}`, detail: "high" } },
    { type: "image_url", image_url: { url: "https://example.com/a.jpg?b=c&d" } },
    text("And that?"),
  ];
  const call = await ask(plain, content);
  assert.deepEqual(toLastContent(call), [
    text("What is this?"),
    { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    { type: "image", source: { type: "url", url: "https://example.com/a.jpg?b=c&d" } },
    text("And that?"),
  ]);
});

test("files reach the API as documents: a PDF as it is, a text as text", async () => {
  const file = (filename: string, type: string, data: string): object => ({
    type: "file",
    file: { filename, file_data: `data:${type};base64,${Buffer.from(data, "base64").toString("base64")}` },
  });
  const notes = Buffer.from("Grüße\n@secret.txt").toString("base64");
  const parts = [file("a.pdf", "application/pdf", PDF), file("notes.txt", "text/plain", notes), text("Sum up")];
  const call = await ask(plain, parts);
  assert.deepEqual(toLastContent(call), [
    { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF }, title: "a.pdf" },
    {
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "Grüße\n@secret.txt" },
      title: "notes.txt",
    },
    text("Sum up"),
  ]);
});

test("a long prompt reaches the API whole", async () => {
  const long = "Ärger 🚀 ".repeat(200_000);
  const call = await send([{ role: "system", content: `System ${long}` }, user(long)]);
  assert.ok(toSystem(call).includes(`System ${long}`.trim()) || toSystem(call).includes(`System ${long}`));
  assert.deepEqual(toLastContent(call), [text(long)]);
});

test("the output limit reaches the API under both names, and is not kept for the next turn", async () => {
  assert.equal((await ask(plain, "hi", { max_tokens: 77 })).body.max_tokens, 77);
  assert.equal((await ask(plain, "go on", { max_completion_tokens: 78, max_tokens: 77 })).body.max_tokens, 78);
  assert.ok((await ask(plain, "and on")).body.max_tokens > 1000);
});

test("every reasoning effort reaches the API in its own words, turn by turn", async () => {
  const efforts: unknown[] = [];
  for (const reasoning_effort of ["minimal", "low", "medium", "high", "xhigh", "max"])
    efforts.push((await ask(opus, "effort?", { reasoning_effort })).body.output_config?.effort);
  assert.deepEqual(efforts, ["low", "low", "medium", "high", "xhigh", "max"]);
});

test("settings that cannot be honoured are accepted and named in a header", async () => {
  const tuned = { temperature: 0.2, top_p: 0.9, seed: 7, presence_penalty: 1, frequency_penalty: null };
  const plainly = { n: 1, logprobs: false, user: "me", store: false, metadata: { a: "b" }, stream_options: null };
  const tools = [{ type: "web_search" }];
  const response = await plain.ask("hi", { ...tuned, ...plainly, tools, invented: true });
  const named = response.headers.get("x-ignored-parameters")?.split(", ").sort();
  await readAnswer(response);
  assert.deepEqual(named, ["invented", "presence_penalty", "seed", "temperature", "tools[0]", "top_p"]);
  const silent = await plain.ask("hi", plainly);
  assert.equal(silent.headers.get("x-ignored-parameters"), null);
  await readAnswer(silent);
});

const CITY = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer", minimum: 1 } },
  required: ["city", "people"],
  additionalProperties: false,
};
const PARIS = { city: 'Pa"ris 🗼', people: 2_100_000 };
const asCity = {
  response_format: { type: "json_schema", json_schema: { name: "city", strict: true, schema: CITY } },
};
const city = createThread(proxy, asCity);

test("a JSON schema reaches the API, and the answer is JSON that fits it", async () => {
  upstream.answer((_, at) =>
    at === 0 ? [{ text: "Let me see. " }, { tool: "StructuredOutput", input: PARIS }] : [{ text: "Given." }],
  );
  const answer = await readAnswer(await city.ask("A city"));
  assert.deepEqual(JSON.parse(answer.text), PARIS);
  assert.equal(answer.choices[0]?.finish_reason, "stop");
  assert.equal(answer.choices[0]?.message.tool_calls, undefined);
  const [tool, ...others] = upstream.calls[0]?.body.tools ?? [];
  assert.deepEqual([tool?.name, others.length], ["StructuredOutput", 0]);
  const schema = tool?.input_schema as typeof CITY | undefined;
  assert.deepEqual([schema?.properties, schema?.required], [CITY.properties, CITY.required]);

  upstream.reset();
  upstream.answer((_, at) => (at === 0 ? [{ tool: "StructuredOutput", input: PARIS }] : [{ text: "Given." }]));
  const stream = await readStream(await city.ask("A city", { stream: true }));
  assert.deepEqual(JSON.parse(stream.text), PARIS);
  assert.ok(stream.chunks.filter((chunk) => chunk.choices[0]?.delta.content).length > 2);
});

test("json_object gives an object of any kind", async () => {
  const input = { anything: ["goes", { deep: null }] };
  upstream.answer((_, at) => (at === 0 ? [{ tool: "StructuredOutput", input }] : [{ text: "Given." }]));
  const body = { model: "sonnet", messages: [user("JSON please")], response_format: { type: "json_object" } };
  assert.deepEqual(JSON.parse((await readAnswer(await proxy.chat(body))).text), input);
});

const AMISS = { city: "Paris", people: "many" };

test("an output that does not fit the schema is made anew, and a whole answer holds only the good one", async () => {
  const inputs = [AMISS, PARIS];
  upstream.answer((_, at) =>
    at < inputs.length ? [{ tool: "StructuredOutput", input: inputs[at] }] : [{ text: "Given." }],
  );
  const answer = await readAnswer(await city.ask("A city"));
  assert.deepEqual(JSON.parse(answer.text), PARIS);
  assert.ok(upstream.calls.length >= 2);
});

test("a stream that has shown an output that does not fit ends with an error, never with wrong JSON", async () => {
  const shown = createLatch();
  upstream.answer((_, at) => [{ tool: "StructuredOutput", input: at === 0 ? AMISS : PARIS }, { until: shown.opened }]);
  const body = { model: "sonnet", ...asCity, messages: [user("A city")], stream: true };
  const response = await proxy.chat(body);
  const begun = await readUntil(response, '"content":"{');
  shown.open();
  const { chunks, data } = await readStream(new Response(await begun.rest()));
  assert.equal(chunks.at(-1)?.error?.code, "bad_gateway");
  assert.ok(chunks.every((chunk) => !chunk.choices?.[0]?.finish_reason));
  assert.deepEqual(
    data.filter((held) => held === "[DONE]"),
    ["[DONE]"],
  );
  // It may ask the API once more before it ends (P4), which the next test is not to count.
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
});

test("a model that never gives the JSON asked for is an error, not an empty answer", async () => {
  upstream.answer(() => [{ text: "I would rather not." }]);
  const error = await readError(await city.ask("A city"));
  assert.deepEqual([error.status, error.code], [502, "bad_gateway"]);
});

const MODELS = [
  ["claude-opus-4", /^claude-opus-/, opus],
  ["anthropic/claude-sonnet-4", /^claude-sonnet-/, plain],
  ["claude-opus-4-5-20251101", /^claude-opus-4-5-20251101$/, createThread(proxy)],
] as const;
for (const [model, expected, thread] of MODELS) {
  test(`the model ${model} is asked for, and named in the answer`, async () => {
    const answer = await readAnswer(await thread.ask("hi", { model }));
    // One call: a name is not to be paid for twice.
    assert.equal(upstream.calls.length, 1);
    assert.match(upstream.calls[0]?.body.model ?? "", expected);
    assert.equal(answer.model, upstream.calls[0]?.body.model);
  });
}

test("a pinned id that the API does not know is 404", async () => {
  upstream.answer(() => [{ status: 404, type: "not_found_error", message: "model: claude-none-9" }]);
  const error = await readError(await proxy.chat({ model: "claude-none-9", messages: [user("hi")] }));
  assert.deepEqual([error.status, error.code], [404, "model_not_found"]);
});
