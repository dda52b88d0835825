/** Ollama's own JavaScript client as judge: every call of it that applies, and what else its clients send. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { Ollama } from "ollama";
import type { ChatResponse, Message, Tool } from "ollama";
import { createLatch, readStarts, untilEnded } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import { PNG } from "../helpers/sdk.ts";
import { EXPECTED_USAGE, startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--max-sessions", "4", "--spares", "0"] });
const ollama = new Ollama({ host: proxy.url });
beforeEach(() => upstream.reset());

const MODEL = "claude-sonnet-4:latest";
const hi = { model: MODEL, messages: [{ role: "user", content: "hi" }] };

/** What tests have said to the process that they share. */
const said: Message[] = [];
/** "hi" again, in the conversation that tests go on with. */
const next = (): { model: string; messages: Message[] } => ({ model: MODEL, messages: [...said, ...hi.messages] });
/** Takes the answer into that conversation: its process is asked again, and none is started. */
const hear = (content: string): void => void said.push(...hi.messages, { role: "assistant", content });

/** POSTs to the API, as a client that is no SDK does. */
function post(path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${proxy.url}/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

async function gather(stream: AsyncIterable<ChatResponse>): Promise<ChatResponse[]> {
  const parts: ChatResponse[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

test("a chat is answered whole, with its counts and durations", async () => {
  const answer = await ollama.chat(next());
  assert.deepEqual(answer.message, { role: "assistant", content: "Hello world" });
  hear("Hello world");
  assert.deepEqual([answer.done, answer.done_reason], [true, "stop"]);
  assert.equal(answer.prompt_eval_count, EXPECTED_USAGE.prompt_tokens);
  assert.equal(answer.eval_count, EXPECTED_USAGE.completion_tokens);
  assert.ok(answer.total_duration > 0 && answer.total_duration < 60e9);
  assert.ok(Math.abs(Date.now() - new Date(answer.created_at).getTime()) < 60_000);
});

test("a chat is streamed piece by piece, and its last line says that it is done", async () => {
  const parts = await gather(await ollama.chat({ ...next(), stream: true }));
  assert.equal(parts.map(({ message }) => message.content).join(""), "Hello world");
  hear("Hello world");
  assert.deepEqual(new Set(parts.slice(0, -1).map(({ done }) => done)), new Set([false]));
  const last = parts.at(-1);
  assert.deepEqual([last?.done, last?.done_reason, last?.eval_count], [true, "stop", EXPECTED_USAGE.completion_tokens]);
  const { load_duration: load, prompt_eval_duration: prompt, eval_duration: made, total_duration: total } = last ?? {};
  assert.equal((load ?? 0) + (prompt ?? 0) + (made ?? 0), total);
});

test("without `stream` an answer is streamed, as lines of JSON", async () => {
  const response = await post("chat", next());
  const text = await response.text();
  hear("Hello world");
  assert.equal(response.headers.get("content-type"), "application/x-ndjson", text);
  const lines = text.trimEnd().split("\n");
  assert.ok(lines.length > 2);
  assert.ok(lines.every((line) => typeof (JSON.parse(line) as ChatResponse).done === "boolean"));
});

test("thinking is asked for, shown and switched off", async () => {
  upstream.answer(() => [{ thinking: ["Let me ", "see"] }, { text: "42" }]);
  const answer = await ollama.chat({ ...next(), think: true });
  assert.deepEqual([answer.message.thinking, answer.message.content], ["Let me see", "42"]);
  hear("42");
  const parts = await gather(await ollama.chat({ ...next(), think: "low", stream: true }));
  assert.equal(parts.map(({ message }) => message.thinking ?? "").join(""), "Let me see");
  assert.equal((await upstream.called(2)).body.output_config?.effort, "low");
  hear("42");
  await ollama.chat({ ...next(), think: false });
  hear("42");
  assert.notDeepEqual((await upstream.called(3)).body["thinking"], (await upstream.called(1)).body["thinking"]);
});

const WEATHER: Tool = {
  type: "function",
  function: {
    name: "weather",
    description: "Tells it",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};

test("tools are called and given their results, whole and streamed", async () => {
  const messages: Message[] = [];
  for (const stream of [false, true]) {
    upstream.reset();
    upstream.answer((_call, at) =>
      at === 0 ? [{ tool: "mcp__client__weather", input: { city: "Bern" } }] : [{ text: "It rains" }],
    );
    messages.push({ role: "user", content: `Weather, ${stream}?` });
    const ask = async (): Promise<Message> => {
      const request = { model: MODEL, messages, tools: [WEATHER] };
      if (!stream) return (await ollama.chat(request)).message;
      const parts = await gather(await ollama.chat({ ...request, stream: true }));
      const content = parts.map(({ message }) => message.content).join("");
      return { role: "assistant", content, tool_calls: parts.flatMap(({ message }) => message.tool_calls ?? []) };
    };
    const calling = await ask();
    assert.deepEqual(
      calling.tool_calls?.map((call) => call.function),
      [{ index: 0, name: "weather", arguments: { city: "Bern" } }],
    );
    messages.push(calling, { role: "tool", content: "rain", tool_name: "weather" });
    const answer = await ask();
    assert.equal(answer.content, "It rains");
    messages.push(answer);
    const last = (await upstream.called(2)).body.messages.findLast(({ role }) => role === "user");
    assert.match(JSON.stringify(last), /"tool_result".*rain/);
  }
});

test("images, the system prompt, the format and the options reach the model", async () => {
  upstream.answer(({ body }) =>
    body.tools?.some(({ name }) => name === "StructuredOutput")
      ? [{ tool: "StructuredOutput", input: { colour: "red" } }]
      : [{ text: "Red" }],
  );
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Which colour?", images: [PNG] },
  ];
  const options = { num_predict: 77, temperature: 0, num_ctx: 4096 };
  await ollama.chat({ model: MODEL, messages, options });
  const { body } = await upstream.called(1);
  assert.equal(body.max_tokens, 77);
  assert.match(JSON.stringify(body.system), /Be brief\./);
  assert.match(JSON.stringify(body.messages), /"media_type":"image\/png"/);
  const format = { type: "object", properties: { colour: { type: "string" } }, required: ["colour"] };
  const answer = await ollama.chat({ model: MODEL, messages, format });
  assert.deepEqual(JSON.parse(answer.message.content), { colour: "red" });
});

test("options that cannot be honoured are named in a header", async () => {
  const options = { num_ctx: 4096, mirostat: 1, num_predict: 50 };
  const response = await post("chat", { ...next(), stream: false, options, keep_alive: "5m", template: "x" });
  await response.arrayBuffer();
  hear("Hello world");
  assert.equal(response.headers.get("x-ignored-parameters"), "template, options.num_ctx, options.mirostat");
});

test("a prompt is answered, whole and streamed, under a system prompt", async () => {
  const whole = await ollama.generate({ model: MODEL, prompt: "hi", system: "Be brief." });
  assert.deepEqual([whole.response, whole.done, whole.done_reason], ["Hello world", true, "stop"]);
  assert.match(JSON.stringify((await upstream.called(1)).body.system), /Be brief\./);
  let text = "";
  for await (const part of await ollama.generate({ model: MODEL, prompt: "hi", stream: true, raw: true }))
    text += part.response;
  assert.equal(text, "Hello world");
});

test("an empty request loads a model at once, or unloads it, and asks nothing", async () => {
  const loaded = await ollama.generate({ model: MODEL, prompt: "" });
  assert.deepEqual([loaded.response, loaded.done, loaded.done_reason], ["", true, "load"]);
  const parts = await gather(await ollama.chat({ model: MODEL, stream: true }));
  assert.deepEqual(
    parts.map(({ done_reason }) => done_reason),
    ["load"],
  );
  assert.equal((await ollama.chat({ model: MODEL, messages: [], keep_alive: 0 })).done_reason, "unload");
  assert.equal(upstream.calls.length, 0);
});

test("models are listed with a tag, and each can be shown", async () => {
  const { models } = await ollama.list();
  const names = models.map(({ name }) => name);
  for (const name of ["claude-opus-4", "claude-sonnet-4", "claude-haiku-4"])
    assert.ok(names.includes(`${name}:latest`));
  assert.equal(new Set(models.map(({ digest }) => digest)).size, models.length);
  const shown = await ollama.show({ model: names[0] ?? "" });
  assert.deepEqual(shown.capabilities, ["completion", "tools", "vision", "thinking"]);
  assert.match(JSON.stringify(shown.model_info), /"claude.context_length":\d+/);
  assert.deepEqual((await ollama.ps()).models, []);
  const [major = 0, minor = 0] = (await ollama.version()).version.split(".").map(Number);
  assert.ok(major > 0 || minor >= 6);
});

test("what cannot be done is refused in one sentence", async () => {
  await assert.rejects(ollama.chat({ ...hi, model: "llama3" }), { name: "ResponseError", status_code: 404 });
  await assert.rejects(ollama.pull({ model: "llama3" }), /Cannot pull a model: .*\/api\/tags/);
  await assert.rejects(ollama.push({ model: "mine" }), /Cannot push/);
  await assert.rejects(ollama.create({ model: "mine", from: MODEL }), /Cannot create/);
  await assert.rejects(ollama.copy({ source: MODEL, destination: "mine" }), /Cannot copy/);
  await assert.rejects(ollama.delete({ model: MODEL }), /Cannot delete/);
  await assert.rejects(ollama.embed({ model: MODEL, input: "hi" }), /no embeddings/);
  await assert.rejects(ollama.embeddings({ model: MODEL, prompt: "hi" }), /no embeddings/);
  await assert.rejects(ollama.generate({ model: MODEL, prompt: "def", suffix: "end" }), /Cannot read suffix/);
  assert.equal(upstream.calls.length, 0);
});

test("requests need no type, as in the examples of Ollama's documentation, and a blob may have any", async () => {
  const send = async (path: string, body: string, headers: Record<string, string>): Promise<[number, string]> => {
    const response = await fetch(`${proxy.url}/api/${path}`, { method: "POST", headers, body: Buffer.from(body) });
    return [response.status, await response.text()];
  };
  const curl = { "content-type": "application/x-www-form-urlencoded" };
  for (const headers of [{}, curl]) {
    const [status, text] = await send("chat", JSON.stringify({ ...next(), stream: false }), headers);
    assert.equal(status, 200, text);
    assert.match(text, /Hello world/);
    hear("Hello world");
    assert.equal((await send("show", JSON.stringify({ model: MODEL }), headers))[0], 200);
  }
  const blob = await send("blobs/sha256:00", "GGUF", { "content-type": "application/octet-stream" });
  assert.deepEqual(blob, [
    400,
    '{"error":"Cannot take blobs: the models are Claude\'s, and no file of theirs is here"}',
  ]);
});

test("an answer ends before a stop sequence, or with its reason where it was cut", async () => {
  upstream.answer(() => [{ text: ["one two ", "STOP three"] }]);
  const stopped = await ollama.chat({ ...next(), options: { stop: ["STOP"] } });
  assert.equal(stopped.message.content, "one two ");
  hear("one two ");
  upstream.answer(() => [{ text: "Once upon" }, { stop: "max_tokens" }]);
  assert.equal((await ollama.chat({ ...next(), options: { num_predict: 5 } })).done_reason, "length");
});

test("a path that there is not, and a role, are told in Ollama's words", async () => {
  assert.deepEqual(await (await post("me", {})).json(), { error: "Cannot find /api/me" });
  const messages = [{ role: "critic", content: "12" }];
  assert.deepEqual(await (await post("chat", { model: MODEL, messages })).json(), {
    error: 'Cannot read messages[0].role: expected one of system, user, assistant, tool, got "critic"',
  });
});

test("a failure has its status and Ollama's words, and one in mid-stream is a line that the client throws", async () => {
  upstream.answer(() => [{ status: 400, type: "invalid_request_error", message: "no" }]);
  const response = await post("chat", hi);
  assert.equal(response.status, 400);
  assert.deepEqual(Object.keys((await response.json()) as object), ["error"]);
  // Before the client has a word, the CLI would just ask again.
  const seen = createLatch();
  upstream.answer(() => [{ text: "Hel" }, { until: seen.opened }, { die: true }]);
  await assert.rejects(async () => {
    for await (const part of await ollama.chat({ ...hi, stream: true })) if (part.message.content !== "") seen.open();
  }, /Cannot finish answer/);
  // The CLI asks once more on its way out.
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
});

test("a stream that is aborted ends its call", async () => {
  upstream.answer(() => [{ text: "Hel" }, { hang: true }]);
  const stream = await ollama.chat({ ...hi, stream: true });
  await assert.rejects(
    (async () => {
      for await (const part of stream) if (part.message.content !== "") stream.abort();
    })(),
    { name: "AbortError" },
  );
  assert.equal(await (await upstream.called(1)).closed, true);
});
