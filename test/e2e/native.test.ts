/** Settings of one turn that the API itself keeps to: in its request of that turn, and in no other (P20, P22, P23). */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { assistant, readError, readStream, readText, readUntil, user } from "../helpers/answer.ts";
import { createChat, readStarts, untilEnded } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import { NO_SPARES } from "../helpers/session.ts";
import { ask, call, idsOf, inTurn, result, tool } from "../helpers/tools.ts";
import { startUpstream, toDialogue } from "../helpers/upstream.ts";
import type { ApiCall } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: NO_SPARES });
beforeEach(() => upstream.reset());

/** How the processes began that were started since there were `known`. */
const startedSince = (known: number): string[] =>
  readStarts(proxy)
    .slice(known)
    .map(({ as }) => as);

/** What a request to the API says beside the conversation. */
function toFields({ body }: ApiCall): unknown {
  const { stop_sequences, tool_choice, temperature, speed, tools = [] } = body;
  return { stop_sequences, tool_choice, temperature, speed, tools: tools.length };
}

const UNSET = { stop_sequences: undefined, tool_choice: undefined, temperature: undefined, speed: undefined };
const PLAIN = { ...UNSET, tools: 2 };
const TOOLS = [tool("look"), tool("list")];
/** Conversations that tests go on with, in the processes that know them: with these tools, and with none. */
const [tooled, plain] = [createChat(proxy, { tools: TOOLS }), createChat(proxy)];
const TURNS: readonly (readonly [rest: object, fields: object])[] = [
  [{ stop: ["two", "\n\n"] }, { stop_sequences: ["two"] }],
  [{}, {}],
  [{ tool_choice: "none" }, { tool_choice: { type: "none" } }],
  [{ parallel_tool_calls: false }, { tool_choice: { type: "auto", disable_parallel_tool_use: true } }],
  [
    { stop: "two", tool_choice: "none", parallel_tool_calls: false },
    { stop_sequences: ["two"], tool_choice: { type: "none" } },
  ],
  [{}, {}],
];

test("stop sequences and choices among tools change from turn to turn in one process, and its history is exact", async () => {
  upstream.answer(() => [{ text: ["one ", "two ", "three"] }]);
  const said: string[] = [];
  for (const [at, [rest]] of TURNS.entries()) said.push(await tooled.say(`go ${at}`, rest));
  assert.deepEqual(
    upstream.calls.map(toFields),
    TURNS.map(([, fields]) => ({ ...PLAIN, ...fields })),
  );
  const whole = "one two three";
  assert.deepEqual(said, ["one ", whole, whole, whole, "one ", whole]);
  assert.equal(readStarts(proxy).length, 1);
  assert.deepEqual(
    toDialogue(upstream.calls.at(-1)),
    [...said.flatMap((text, at) => [`user: go ${at}`, `assistant: ${text}`])].slice(0, -1),
  );
});

test("the settings of a turn that was left do not reach the next one", async () => {
  upstream.answer((_, at) => (at === 1 ? [{ text: "half" }, { hang: true }] : [{ text: "whole" }]));
  const body = { model: "sonnet", tools: TOOLS };
  await tooled.say("one");
  const { pid } = readStarts(proxy).at(-1) ?? assert.fail();
  const leaving = new AbortController();
  const messages = [...tooled.messages, user("two")];
  const tuned = { temperature: 0.2, reasoning_effort: "none" };
  const left = { ...body, ...tuned, messages, stream: true, stop: "END", tool_choice: "none" };
  await readUntil(await proxy.chat(left, { signal: leaving.signal }), "half");
  leaving.abort();
  await untilEnded(proxy, pid);
  await tooled.say("two");
  assert.deepEqual(upstream.calls.slice(1).map(toFields), [
    { ...PLAIN, stop_sequences: ["END"], tool_choice: { type: "none" }, temperature: 0.2 },
    PLAIN,
  ]);
});

const IGNORED = "x-ignored-parameters";
const OFF = { reasoning_effort: "none" };
const TUNED = { temperature: 1.5, top_p: 0.9, top_k: 5 };

/** What a request to the API says of sampling. */
function toSampling({ body: { temperature, top_p, top_k } }: ApiCall): unknown {
  return { temperature, top_p, top_k };
}

const UNTUNED = { temperature: undefined, top_p: undefined, top_k: undefined };
const SAMPLED: readonly (readonly [rest: object, sampling: object, ignored: string | null])[] = [
  [{ ...OFF, ...TUNED }, { temperature: 1, top_p: 0.9, top_k: 5 }, null],
  [TUNED, {}, "temperature, top_p, top_k"],
  [{ ...OFF, temperature: 0, seed: 7 }, { temperature: 0 }, "seed"],
  [OFF, {}, null],
];

test("sampling reaches a model that does not think, in its turn alone; one that thinks is played without, and it is named", async () => {
  const known = readStarts(proxy).length;
  for (const [rest, , ignored] of SAMPLED) {
    plain.messages.push(user("go"));
    const response = await proxy.chat({ model: "sonnet", ...rest, messages: plain.messages });
    assert.equal(response.headers.get(IGNORED), ignored);
    plain.messages.push(assistant(await readText(response)));
  }
  assert.deepEqual(
    upstream.calls.map(toSampling),
    SAMPLED.map(([, sampling]) => ({ ...UNTUNED, ...sampling })),
  );
  assert.deepEqual(startedSince(known), ["fresh"]);
});

test("a blank stop sequence, which the API refuses, cuts the text here", async () => {
  upstream.answer((_, at) => (at === 1 ? [{ text: ["one", "\n", "two"] }, { hang: true }] : [{ text: "on" }]));
  await plain.say("hi");
  const known = readStarts(proxy).length;
  assert.equal(await plain.say("go", { stop: "\n" }), "one");
  assert.equal(upstream.calls[1]?.body["stop_sequences"], undefined);
  assert.equal(await upstream.calls[1]?.closed, true);
  await plain.say("again");
  assert.deepEqual(startedSince(known), ["replay"]);
});

test("sampling does not outlive its turn over a held call, and reaches a replay", async () => {
  upstream.answer(inTurn([call("look", {}, "toolu_1")]));
  const tools = TOOLS;
  const asked = [...tooled.messages, user("go")];
  const first = await ask(proxy, { ...OFF, temperature: 0.2, tools, messages: asked });
  const known = readStarts(proxy).length;
  const history = [...asked, first.message, result(idsOf(first)[0] ?? "", "seen")];
  await ask(proxy, { tools, messages: history });
  const edited = [...history, assistant("done otherwise"), user("on")];
  await ask(proxy, { ...OFF, temperature: 0.4, tools, messages: edited });
  assert.deepEqual(
    upstream.calls.map(({ body }) => body["temperature"]),
    [0.2, undefined, 0.4],
  );
  assert.deepEqual(startedSince(known), ["replay"]);
});

/** What opus has been told, and has said. */
const saidToOpus: object[] = [];

const REFUSAL = { status: 400, type: "invalid_request_error", message: "not with this" } as const;
const isSampled = ({ body }: ApiCall): boolean => body["temperature"] !== undefined;

test("sampling that the API refuses is asked for once, and then ignored for that model alone", async () => {
  upstream.answer((held) => (isSampled(held) && held.body.model.includes("opus") ? [REFUSAL] : [{ text: "yes" }]));
  const known = readStarts(proxy).length;
  const body = { ...OFF, temperature: 0.2, top_p: 0.9 };
  const first = await proxy.chat({ model: "opus", ...body, stream: true, messages: [user("one")] });
  assert.deepEqual([first.status, first.headers.get(IGNORED)], [200, "temperature, top_p"]);
  assert.equal((await readStream(first)).text, "yes");
  const refused = upstream.calls.filter(isSampled).length;
  assert.equal(upstream.calls.length, refused + 1);
  const messages = [user("one"), assistant("yes"), user("two")];
  const second = await proxy.chat({ model: "opus", ...body, messages });
  assert.equal(second.headers.get(IGNORED), "temperature, top_p");
  assert.equal(await readText(second), "yes");
  assert.equal(upstream.calls.length, refused + 2);
  assert.equal(startedSince(known).length, 2);
  saidToOpus.push(...messages, assistant("yes"));

  // Another fault of a request says nothing of sampling.
  upstream.answer(() => [REFUSAL]);
  const faulty = await readError(await proxy.chat({ model: "haiku", ...body, messages: [user("three")] }));
  assert.deepEqual([faulty.status, faulty.message.includes("not with this")], [400, true]);
  upstream.answer(() => [{ text: "yes" }]);
  const other = await proxy.chat({ model: "haiku", ...body, messages: [user("three")] });
  assert.equal(other.headers.get(IGNORED), null);
  await readText(other);
  assert.equal(upstream.calls.at(-1)?.body["temperature"], 0.2);
});

test("the fast mode and the tier reach models that have them, in their turn alone; what has answered is told", async () => {
  upstream.answer(({ body }) => [
    { usage: { service_tier: "standard", speed: body["speed"] ?? "standard" } },
    { text: "yes" },
  ]);
  const messages = [...saidToOpus, user("go")];
  async function post(path: string, body: object): Promise<readonly [ignored: string | null, answer: Told]> {
    const headers = { "content-type": "application/json" };
    const whole = JSON.stringify({ messages, ...body });
    const response = await fetch(proxy.url + path, { method: "POST", headers, body: whole });
    const answer = (await response.json()) as Told;
    assert.equal(response.status, 200, JSON.stringify(answer));
    messages.push(assistant("yes"), user("go"));
    return [response.headers.get(IGNORED), answer];
  }
  const asked = { model: "opus", service_tier: "priority" };
  const chat = "/v1/chat/completions";
  const [, unasked] = await post(chat, { model: "opus" });
  assert.equal(unasked.service_tier, "default");
  const [ignored, fast] = await post(chat, asked);
  assert.deepEqual([ignored, fast.service_tier], [null, "priority"]);
  await post(chat, { model: "opus", service_tier: "auto" });
  const [, response] = await post("/v1/responses", { ...asked, input: messages });
  assert.equal(response.service_tier, "priority");
  const [, message] = await post("/v1/messages", {
    ...{ model: "opus", max_tokens: 99 },
    ...{ speed: "fast", service_tier: "standard_only" },
  });
  assert.deepEqual(message.usage, { ...message.usage, service_tier: "standard", speed: "fast" });
  const [unserved, usual] = await post(chat, { ...asked, model: "sonnet" });
  assert.deepEqual([unserved, usual.service_tier], ["service_tier", "default"]);
  assert.deepEqual(
    upstream.calls.map(({ body }) => [body["speed"], body["service_tier"]]),
    [
      ...[[], ["fast"], [], ["fast"]].map(([speed]) => [speed, undefined]),
      ["fast", "standard_only"],
      [undefined, undefined],
    ],
  );
  assert.deepEqual(toDialogue(upstream.calls[4]), toDialogue(upstream.calls[5]).slice(0, -2));
});

/** What an answer says of the tier that gave it. */
interface Told {
  readonly service_tier?: string;
  readonly usage: object;
}
