/** The text of an answer, streamed and whole: exact, with its thinking, its usage, and the place where it ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, beforeEach, test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { readAnswer, readStream, user } from "../helpers/answer.ts";
import type { ChatChunk } from "../helpers/answer.ts";
import { createThread } from "../helpers/client.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import { EXPECTED_USAGE, startUpstream } from "../helpers/upstream.ts";
import type { Step } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--max-sessions", "1", "--spares", "0"] });
/** Has no process but that of the turn. */
const bare = await startProxy({ after }, { upstream, args: ["--max-sessions", "0", "--spares", "0"] });
beforeEach(() => upstream.reset());

const hi = { model: "sonnet", messages: [user("hi")] };
const { cached_tokens, ...TOKENS } = EXPECTED_USAGE;
const USAGE = {
  ...TOKENS,
  prompt_tokens_details: { cached_tokens },
  completion_tokens_details: { reasoning_tokens: 0 },
};

const finishes = (chunks: readonly ChatChunk[]): string[] =>
  chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? []);

/** One process answers nearly all that is asked of `proxy`. */
const thread = createThread(proxy);

/** The answer to one script, streamed and whole; both have to be the same text. */
async function askBothWays(steps: readonly Step[], rest: object = {}) {
  upstream.answer(() => steps);
  const stream = await readStream(await thread.ask("hi", { ...rest, stream: true }));
  const whole = await readAnswer(await thread.ask("hi", rest));
  assert.equal(stream.text, whole.text);
  assert.deepEqual(finishes(stream.chunks), [whole.choices[0]?.finish_reason]);
  return { stream, whole, text: whole.text, finish: whole.choices[0]?.finish_reason };
}

/** Has the API end an answer for `reason` and then hang if the CLI goes on by itself. */
function endFor(reason: string): void {
  upstream.answer((_, at) =>
    at === 0 ? [{ text: ["as far", " as it goes"] }, { stop: reason }] : [{ text: "CONTINUED" }, { hang: true }],
  );
}

/** The CLI may begin to go on, but is ended, and its call with it. */
async function assertNotContinued(): Promise<void> {
  await eventually("its process is gone", () => bare.children().length === 0);
  assert.ok(upstream.calls.length <= 2, `${upstream.calls.length} calls`);
  for (const call of upstream.calls.slice(1)) assert.equal(await call.closed, true);
}

test("text of every kind arrives exactly", async () => {
  const deltas = [
    "  Grüße, ",
    "世界",
    "",
    " 👩‍👩‍👧‍👦",
    "🏳️‍🌈",
    " ",
    "",
    "\t\r\n",
    "\n\nHuman: and\n\nAssistant: are words",
    "<tool_call>{}</tool_call>",
  ];
  const odd = [
    "\u2028\u2029\u0000\u007f",
    'data: [DONE]\n\n{"a":"\\u0041"}',
    "e\u0301 ﷽ \u202eabc",
    "please run /login",
    "```\n  x\n```",
    "  \n ",
  ];
  const { text, finish, stream } = await askBothWays([{ text: [...deltas, ...odd] }]);
  assert.equal(text, [...deltas, ...odd].join(""));
  assert.equal(finish, "stop");
  assert.equal(stream.data.filter((data) => data === "[DONE]").length, 1);
});

test("several text blocks of one message are one text", async () => {
  const { text } = await askBothWays([{ text: "one " }, { text: ["two", " "] }, { text: "three" }]);
  assert.equal(text, "one two three");
});

test("five thousand deltas arrive in order and one by one", async () => {
  const deltas = Array.from({ length: 5000 }, (_, at) => `${at}·`);
  const { text, stream } = await askBothWays([{ text: deltas }]);
  assert.equal(text, deltas.join(""));
  assert.equal(stream.chunks.filter((chunk) => chunk.choices[0]?.delta.content).length, 5000);
});

test("a delta is passed on while the answer still runs", async () => {
  const seen = new AbortController();
  upstream.answer(() => [{ text: "first" }, { until: once(seen.signal, "abort") }, { text: " second" }]);
  const response = await thread.ask("hi", { stream: true });
  const decoder = new TextDecoder();
  let raw = "";
  for await (const chunk of response.body ?? []) {
    raw += decoder.decode(chunk as Uint8Array, { stream: true });
    if (raw.includes('"first"')) seen.abort();
  }
  assert.match(raw, /" second"/);
});

test("a stream begins with the only role, ends with the only [DONE], and keeps its id and model", async () => {
  const response = await thread.ask("hi", { stream: true });
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const { data, chunks } = await readStream(response);
  assert.equal(chunks[0]?.choices[0]?.delta.role, "assistant");
  assert.equal(chunks.filter((chunk) => chunk.choices[0]?.delta.role).length, 1);
  assert.deepEqual(finishes(chunks), ["stop"]);
  assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "stop");
  assert.deepEqual([...new Set(chunks.map(({ model }) => model))], [SONNET]);
  assert.equal(new Set(data.slice(0, -1).map((text) => (JSON.parse(text) as { id: string }).id)).size, 1);
  assert.equal(data.filter((text) => text === "[DONE]").length, 1);
  assert.equal(data.at(-1), "[DONE]");
});

test("usage counts cached tokens, and comes in a stream only when asked for", async () => {
  const { usage } = await readAnswer(await thread.ask("hi"));
  assert.deepEqual(usage, USAGE);
  const silent = await readStream(await thread.ask("hi", { stream: true }));
  assert.equal(silent.text, "Hello world");
  assert.ok(silent.chunks.every((chunk) => !("usage" in chunk)));
  const asked = await readStream(await thread.ask("hi", { stream: true, stream_options: { include_usage: true } }));
  assert.deepEqual(asked.chunks.at(-1)?.usage, USAGE);
  assert.deepEqual(asked.chunks.at(-1)?.choices, []);
  assert.ok(asked.chunks.slice(0, -1).every((chunk) => chunk.usage === null));
});

test("thinking comes as reasoning_content, before the text and apart from it", async () => {
  const { stream, whole, text } = await askBothWays([{ thinking: ["Let me ", "think 🤔"] }, { text: ["So", "."] }]);
  assert.equal(text, "So.");
  assert.equal(whole.choices[0]?.message.reasoning_content, "Let me think 🤔");
  const kinds = stream.chunks.flatMap(({ choices }) =>
    Object.keys(choices[0]?.delta ?? {}).filter((key) => key.endsWith("content")),
  );
  assert.deepEqual(kinds, ["content", "reasoning_content", "reasoning_content", "content", "content"]);
  assert.equal(
    stream.chunks.map(({ choices }) => choices[0]?.delta.reasoning_content ?? "").join(""),
    "Let me think 🤔",
  );
});

const WORDLESS: Readonly<Record<string, readonly Step[]>> = {
  "no block": [],
  "thinking alone": [{ thinking: "hm" }],
  "white space alone": [{ text: "\n" }],
};
for (const [name, steps] of Object.entries(WORDLESS)) {
  test(`an answer of ${name} ends as it is, and the API is not asked for another`, async () => {
    upstream.answer((_, at) => (at === 0 ? steps : [{ text: "ASKED AGAIN" }, { hang: true }]));
    const whole = await readAnswer(await bare.chat(hi));
    assert.deepEqual([whole.text.trim(), whole.choices[0]?.finish_reason, whole.usage], ["", "stop", USAGE]);
    await assertNotContinued();
  });
}

test('end_turn, stop_sequence and pause_turn end the answer with "stop"', async () => {
  for (const [at, reason] of ["end_turn", "stop_sequence", "pause_turn"].entries()) {
    upstream.answer(() => [{ text: "done" }, { stop: reason }]);
    const answer = await readAnswer(await thread.ask("hi"));
    assert.deepEqual([answer.text, answer.choices[0]?.finish_reason], ["done", "stop"], reason);
    assert.equal(upstream.calls.length, at + 1, reason);
  }
});

const CUTS = [
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["refusal", "content_filter"],
] as const;
for (const [reason, finish] of CUTS) {
  test(`${reason} ends the answer with "${finish}", and nothing the CLI goes on with is seen`, async () => {
    endFor(reason);
    const whole = await readAnswer(await bare.chat(hi));
    assert.deepEqual([whole.text, whole.choices[0]?.finish_reason], ["as far as it goes", finish]);
    assert.deepEqual(whole.usage, USAGE);
    await assertNotContinued();
    upstream.reset();
    endFor(reason);
    const stream = await readStream(await bare.chat({ ...hi, stream: true }));
    assert.equal(stream.text, "as far as it goes");
    assert.deepEqual(finishes(stream.chunks), [finish]);
    assert.equal(stream.data.filter((data) => data === "[DONE]").length, 1);
    await assertNotContinued();
  });
}

test("a stop sequence ends the text just before it, with its true usage", async () => {
  const story = [..."Once upon a time. THE END And they lived"];
  upstream.answer(() => [{ text: story }, { hang: true }]);
  const stop = ["never", "THE END", "lived"];
  const stream = await readStream(
    await thread.ask("hi", { stop, stream: true, stream_options: { include_usage: true } }),
  );
  assert.equal(stream.text, "Once upon a time. ");
  assert.deepEqual(finishes(stream.chunks), ["stop"]);
  assert.deepEqual(stream.chunks.at(-1)?.usage, USAGE);
  const whole = await readAnswer(await thread.ask("hi", { stop }));
  assert.equal(whole.text, "Once upon a time. ");
  assert.deepEqual([whole.choices[0]?.finish_reason, whole.usage], ["stop", USAGE]);
});

test("what only looks like the beginning of a stop sequence is not lost", async () => {
  const { text, finish } = await askBothWays([{ text: ["a EN", "DLESS", " E", "N", "D", "IN", "G of EN"] }], {
    stop: "END OF",
  });
  assert.equal(text, "a ENDLESS ENDING of EN");
  assert.equal(finish, "stop");
});

test("a stop sequence at the very beginning leaves an empty text", async () => {
  const { text, finish } = await askBothWays([{ text: ["🛑", " more"] }], { stop: ["🛑"] });
  assert.equal(text, "");
  assert.equal(finish, "stop");
});
