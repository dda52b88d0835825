/**
 * Whole histories, as OpenAI clients send them: the process that knows one is found again, and whatever it does not
 * know is replayed exactly.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { assistant, readFinish, readText, readUntil, user } from "../helpers/answer.ts";
import { countStarts, createChat, createLatch, readHealth, readStarts, untilEnded } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startUpstream, toDialogue, toLastWords } from "../helpers/upstream.ts";
import type { Step, Upstream } from "../helpers/upstream.ts";

/** Answers every call with words of its own, so that whoever sees another's history is found out. */
function answerInTurn(upstream: Upstream): void {
  upstream.answer((call, at) => [{ text: `answer ${at} to ${toLastWords(call)}` }]);
}

const WEATHER = {
  type: "function",
  function: { name: "weather", description: "Tells the weather", parameters: { type: "object", properties: {} } },
};

test("the next turn of a conversation goes to the process that knows it, as native turns", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream });
  const chat = createChat(proxy, {}, [{ role: "system", content: "Be brief." }]);
  for (const words of ["one", "two", "three"]) assert.equal(await chat.say(words), "Hello world");
  assert.deepEqual(toDialogue(upstream.calls[2]), [
    "user: one",
    "assistant: Hello world",
    "user: two",
    "assistant: Hello world",
    "user: three",
  ]);
  assert.match(JSON.stringify(upstream.calls[2]?.body.system), /Be brief\./);
  // One spare that was claimed, and the one that took its place.
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "fresh"],
  );
  assert.equal(upstream.calls.length, 3);
});

test("a history hits in every spelling clients give it", async (t) => {
  const { upstream, proxy } = await startPair(t);
  answerInTurn(upstream);
  const system = { role: "system", content: "Be brief." };
  const body = { model: "sonnet" };
  const answer = await readText(await proxy.chat({ ...body, messages: [system, user("hi")] }));
  const messages = [
    { role: "developer", content: [{ type: "text", text: " Be brief.\n" }] },
    user([{ type: "text", text: "\n hi " }]),
    assistant([{ type: "text", text: `  ${answer}\n\n` }], { refusal: null, tool_calls: null, name: null }),
    user("again"),
  ];
  const second = await readText(await proxy.chat({ model: "anthropic/claude-sonnet-4", messages }));
  const halves = [
    { type: "text", text: second.slice(0, 3) },
    { type: "text", text: second.slice(3) },
  ];
  await readText(
    await proxy.chat({
      ...body,
      messages: [...messages, assistant(halves), assistant(""), assistant(null), user("and again")],
    }),
  );
  assert.equal(readStarts(proxy).length, 1);
  const native = ["user: hi", `assistant: ${answer}`, "user: again", `assistant: ${second}`, "user: and again"];
  assert.deepEqual(toDialogue(upstream.calls[2]), native);
});

test("a tool call's content may come back as null, as an empty text or not at all", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((call) =>
    toDialogue(call).at(-1)?.includes("tool_result")
      ? [{ text: "It rains." }]
      : [{ tool: "mcp__client__weather", input: {} }],
  );
  const contents: object[] = [{ content: null }, { content: "" }, {}];
  const messages: object[] = [];
  for (const [at, content] of contents.entries()) {
    const body = { model: "sonnet", tools: [WEATHER] };
    messages.push(user(`how is it ${at}`));
    const first = (await (await proxy.chat({ ...body, messages })).json()) as {
      choices: { message: { tool_calls: { id: string }[] } }[];
    };
    const calls = first.choices[0]?.message.tool_calls;
    const result = { role: "tool", tool_call_id: calls?.[0]?.id, content: "rain" };
    messages.push({ role: "assistant", ...content, tool_calls: calls }, result);
    assert.equal(await readText(await proxy.chat({ ...body, messages })), "It rains.");
    messages.push(assistant("It rains."));
  }
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh"],
  );
});

/** The parts of a message, each as a line: messages of one role side by side may come as one. */
function toParts(line: string): string[] {
  const [, role = "", words = ""] = /^(\w+): (.*)$/s.exec(line) ?? [];
  return words.split("|").map((part) => `${role}: ${part}`);
}

test("an edited history, another system prompt, model or tool list misses and is replayed exactly", async (t) => {
  const { upstream, proxy } = await startPair(t, "--max-sessions", "8");
  answerInTurn(upstream);
  const chat = createChat(proxy, {}, [{ role: "system", content: "Be brief." }]);
  const answer = await chat.say("hi");
  const [system, asked, said] = chat.messages as [object, object, object];
  const body = { model: "sonnet", messages: [system, asked, said, user("next")] };
  const variants: {
    readonly what: string;
    readonly body: object;
    readonly dialogue?: string[];
    readonly system?: string;
    readonly model?: string;
    readonly tools?: string[];
  }[] = [
    {
      what: "the user's words",
      body: { messages: [system, user("ho"), said, user("next")] },
      dialogue: ["user: ho", `assistant: ${answer}`, "user: next"],
    },
    {
      what: "the answer",
      body: { messages: [system, asked, assistant("no"), user("next")] },
      dialogue: ["user: hi", "assistant: no", "user: next"],
    },
    {
      what: "a turn left out",
      body: { messages: [system, said, user("next")] },
      dialogue: [`assistant: ${answer}`, "user: next"],
    },
    {
      what: "a turn more",
      body: { messages: [system, asked, said, said, user("next")] },
      dialogue: ["user: hi", `assistant: ${answer}`, `assistant: ${answer}`, "user: next"],
    },
    {
      what: "the system prompt",
      body: { messages: [{ role: "system", content: "Be long." }, asked, said, user("next")] },
      system: "Be long.",
    },
    { what: "no system prompt", body: { messages: [asked, said, user("next")] } },
    { what: "the model", body: { model: "opus" }, model: "claude-opus-5-5" },
    { what: "the tools", body: { tools: [WEATHER] }, tools: ["mcp__client__weather"] },
  ];
  for (const [at, variant] of variants.entries()) {
    await readText(await proxy.chat({ ...body, ...variant.body }));
    assert.equal(countStarts(proxy, "replay"), at + 1, variant.what);
    const call = upstream.calls[at + 1];
    assert.deepEqual(
      toDialogue(call).flatMap(toParts),
      variant.dialogue ?? ["user: hi", `assistant: ${answer}`, "user: next"],
      variant.what,
    );
    assert.equal(call?.body.model, variant.model ?? SONNET, variant.what);
    assert.deepEqual(
      (call?.body.tools ?? []).map(({ name }) => name),
      variant.tools ?? [],
      variant.what,
    );
    const words = JSON.stringify(call?.body.system);
    assert.equal(
      words.includes("Be brief."),
      variant.what !== "no system prompt" && variant.system === undefined,
      variant.what,
    );
    assert.ok(words.includes(variant.system ?? ""), variant.what);
  }
});

test("a miss leaves the process of the unedited conversation where it was", async (t) => {
  const { upstream, proxy } = await startPair(t);
  answerInTurn(upstream);
  const chat = createChat(proxy);
  const answer = await chat.say("hi");
  await createChat(proxy, {}, [user("ho"), assistant(answer)]).say("next");
  await chat.say("next");
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay"],
  );
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: hi", `assistant: ${answer}`, "user: next"]);
});

test("two chats with equal questions and different answers never meet", async (t) => {
  const { upstream, proxy } = await startPair(t);
  answerInTurn(upstream);
  const [left, right] = [createChat(proxy), createChat(proxy)];
  assert.equal(await left.say("hi"), "answer 0 to hi");
  assert.equal(await right.say("hi"), "answer 1 to hi");
  await left.say("and");
  await right.say("and");
  await left.say("so");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: hi", "assistant: answer 0 to hi", "user: and"]);
  assert.deepEqual(toDialogue(upstream.calls[3]), ["user: hi", "assistant: answer 1 to hi", "user: and"]);
  assert.deepEqual(toDialogue(upstream.calls[4])?.slice(0, 4), [
    "user: hi",
    "assistant: answer 0 to hi",
    "user: and",
    "assistant: answer 2 to and",
  ]);
  assert.equal(countStarts(proxy, "replay"), 0);
});

test("effort and output limit change from turn to turn of one process, and go back", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const chat = createChat(proxy);
  await chat.say("one");
  await chat.say("two", { reasoning_effort: "low", max_tokens: 77 });
  await chat.say("three", { reasoning_effort: "high", max_completion_tokens: 1234 });
  await chat.say("four");
  assert.equal(readStarts(proxy).length, 1);
  const settings = upstream.calls.map(({ body }) => [body.output_config?.effort, body.max_tokens]);
  assert.deepEqual(settings.slice(1, 3), [
    ["low", 77],
    ["high", 1234],
  ]);
  assert.deepEqual(settings[3], settings[0]);
  const native = ["one", "two", "three"].flatMap((words) => [`user: ${words}`, "assistant: Hello world"]);
  assert.deepEqual(toDialogue(upstream.calls[3]), [...native, "user: four"]);
});

test("thinking is switched off, shown and given a budget for one turn alone", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const model = "claude-opus-4-5-20251101";
  const messages: object[] = [];
  const say = async (words: string, rest: object = {}): Promise<string | null> => {
    messages.push(user(words));
    const response = await fetch(`${proxy.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, max_tokens: 8000, messages, ...rest }),
    });
    const body = (await response.json()) as { content: { type: string; text?: string }[] };
    messages.push(assistant(body.content.find(({ type }) => type === "text")?.text));
    return response.headers.get("x-ignored-parameters");
  };
  await say("one");
  await say("two", { thinking: { type: "disabled" } });
  await say("three");
  assert.equal(await say("four", { thinking: { type: "enabled", budget_tokens: 2000 } }), null);
  await say("five");
  assert.equal(readStarts(proxy).length, 1);
  const thinking = upstream.calls.map(({ body }) => body["thinking"]);
  assert.deepEqual(thinking[1], undefined);
  assert.deepEqual(thinking[3], { type: "enabled", budget_tokens: 2000, display: "summarized" });
  assert.deepEqual([thinking[2], thinking[4]], [thinking[0], thinking[0]]);
  assert.equal(
    await say("six", { model: "sonnet", thinking: { type: "enabled", budget_tokens: 2000 } }),
    "thinking.budget_tokens",
  );
});

test("an effort that is asked for shows the thinking, and none switches it off, for that turn alone", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const chat = createChat(proxy);
  await chat.say("one");
  await chat.say("two", { reasoning_effort: "none" });
  await chat.say("three", { reasoning_effort: "high" });
  await chat.say("four");
  const displays = upstream.calls.map(({ body }) => (body["thinking"] as { display?: string } | undefined)?.display);
  assert.deepEqual(displays.slice(1, 3), [undefined, "summarized"]);
  assert.deepEqual([upstream.calls[1]?.body["thinking"], displays[3]], [undefined, displays[0]]);
  assert.equal(readStarts(proxy).length, 1);
});

/** Plays a turn that the CLI remembers otherwise than the client, and asks on: the process must not be used again. */
async function checkNotFiled(
  proxy: Proxy,
  upstream: Upstream,
  cut: { script: Step[]; body: object; finish: string; shown: string },
): Promise<void> {
  upstream.answer((call) => (toLastWords(call) === "hi" ? cut.script : [{ text: "went on" }]));
  const first = await proxy.chat({ model: "sonnet", ...cut.body, messages: [user("hi")] });
  assert.equal(await readFinish(first), cut.finish);
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
  assert.equal(await createChat(proxy, {}, [user("hi"), assistant(cut.shown)]).say("next"), "went on");
  assert.equal(readStarts(proxy).at(-1)?.as, "replay");
  const call = upstream.calls.find((held) => toLastWords(held) === "next");
  assert.deepEqual(toDialogue(call), ["user: hi", `assistant: ${cut.shown}`, "user: next"]);
}

test("a turn cut at its output limit is not filed", async (t) => {
  const { upstream, proxy } = await startPair(t);
  await checkNotFiled(proxy, upstream, {
    script: [{ text: "one two" }, { stop: "max_tokens" }],
    body: { max_tokens: 5 },
    finish: "length",
    shown: "one two",
  });
});

test("a filtered turn is not filed", async (t) => {
  const { upstream, proxy } = await startPair(t);
  await checkNotFiled(proxy, upstream, {
    script: [{ text: "I can" }, { stop: "refusal" }],
    body: {},
    finish: "content_filter",
    shown: "I can",
  });
});

test("a turn hung up on is not filed, and its process ends", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((call) => (toLastWords(call) === "hi" ? [{ text: "half" }, { hang: true }] : [{ text: "went on" }]));
  const leaving = new AbortController();
  const response = await proxy.chat(
    { model: "sonnet", stream: true, messages: [user("hi")] },
    { signal: leaving.signal },
  );
  await readUntil(response, "half");
  leaving.abort();
  const [first] = readStarts(proxy);
  await untilEnded(proxy, first?.pid);
  assert.equal(await upstream.calls[0]?.closed, true);
  await proxy.logged(/status=499/);
  assert.equal(await createChat(proxy, {}, [user("hi"), assistant("half")]).say("next"), "went on");
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: hi", "assistant: half", "user: next"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay"],
  );
});

test("two requests that go on from one conversation at once are both answered right", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const both = createLatch();
  upstream.answer((call, at) => {
    if (at === 2) both.open();
    return [...(at > 0 ? [{ until: both.opened }] : []), { text: `answer to ${toLastWords(call)}` }];
  });
  const chat = createChat(proxy);
  await chat.say("hi");
  const branches = ["left", "right"].map((words) => createChat(proxy, {}, chat.messages).say(words));
  assert.deepEqual(await Promise.all(branches), ["answer to left", "answer to right"]);
  const dialogues = upstream.calls.slice(1).map(toDialogue);
  assert.deepEqual(
    dialogues.map((lines) => lines.slice(0, 2)),
    [
      ["user: hi", "assistant: answer to hi"],
      ["user: hi", "assistant: answer to hi"],
    ],
  );
  assert.deepEqual(dialogues.map((lines) => lines.slice(2).join()).sort(), ["user: left", "user: right"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay"],
  );
});

test("the first request of a conversation is played by the spare that was there before", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer(() => [{ hang: true }]);
  const proxy = await startProxy(t, { upstream });
  await readHealth(proxy);
  const [spare] = proxy.children();
  assert.deepEqual(readStarts(proxy), [{ pid: spare, as: "fresh" }]);
  const leaving = new AbortController();
  const gone = assert.rejects(proxy.chat({ model: "sonnet", messages: [user("hi")] }, { signal: leaving.signal }));
  await upstream.called(1);
  leaving.abort();
  await gone;
  await untilEnded(proxy, spare);
  // The only other process is the spare that took its place.
  assert.deepEqual(proxy.children(), [readStarts(proxy)[1]?.pid]);
  assert.equal(readStarts(proxy).length, 2);
});
