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

test("a conversation is played by the spare that was there before, as native turns, until its client hangs up", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream });
  await readHealth(proxy);
  const [spare] = proxy.children();
  assert.deepEqual(readStarts(proxy), [{ pid: spare, as: "fresh" }]);
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
  assert.equal(upstream.calls.length, 3);

  upstream.answer(() => [{ hang: true }]);
  const leaving = new AbortController();
  const body = { model: "sonnet", messages: [...chat.messages, user("four")] };
  const gone = assert.rejects(proxy.chat(body, { signal: leaving.signal }));
  await upstream.called(4);
  leaving.abort();
  await gone;
  await untilEnded(proxy, spare);
  // The only other process is the spare that took its place.
  const [, next] = readStarts(proxy);
  assert.deepEqual(proxy.children(), [next?.pid]);
  assert.equal(next?.as, "fresh");
  assert.equal(readStarts(proxy).length, 2);
});

test("a history hits in every spelling clients give it", async (t) => {
  const { upstream, proxy } = await startPair(t);
  answerInTurn(upstream);
  const system = { role: "system", content: "Be brief." };
  const body = { model: "sonnet", tools: [WEATHER] };
  const answer = await readText(await proxy.chat({ ...body, messages: [system, user("hi")] }));
  const messages = [
    { role: "developer", content: [{ type: "text", text: " Be brief.\n" }] },
    user([{ type: "text", text: "\n hi " }]),
    assistant([{ type: "text", text: `  ${answer}\n\n` }], { refusal: null, tool_calls: null, name: null }),
    user("again"),
  ];
  const second = await readText(await proxy.chat({ ...body, model: "anthropic/claude-sonnet-4", messages }));
  const halves = [
    { type: "text", text: second.slice(0, 3) },
    { type: "text", text: second.slice(3) },
  ];
  messages.push(assistant(halves), assistant(""), assistant(null), user("and again"));
  messages.push(assistant(await readText(await proxy.chat({ ...body, messages }))));
  const native = ["user: hi", `assistant: ${answer}`, "user: again", `assistant: ${second}`, "user: and again"];
  assert.deepEqual(toDialogue(upstream.calls[2]), native);

  // A tool call's content may come back as null, as an empty text or not at all.
  upstream.answer((call) =>
    toDialogue(call).at(-1)?.includes("tool_result")
      ? [{ text: "It rains." }]
      : [{ tool: "mcp__client__weather", input: {} }],
  );
  for (const [at, content] of [{ content: null }, { content: "" }, {}].entries()) {
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

interface Variant {
  readonly what: string;
  readonly body: object;
  readonly dialogue?: string[];
  readonly system?: string;
  readonly model?: string;
  readonly tools?: string[];
}

/** Requests that go on from a conversation of three messages, and differ from it in one thing each. */
function toVariants([system, asked, said]: readonly object[], answer: string): Variant[] {
  return [
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
}

test("an edited history, another system prompt, model or tool list misses and is replayed exactly", async (t) => {
  const { upstream, proxy } = await startPair(t, "--max-sessions", "9");
  answerInTurn(upstream);
  const chat = createChat(proxy, {}, [{ role: "system", content: "Be brief." }]);
  const answer = await chat.say("hi");
  const body = { model: "sonnet", messages: [...chat.messages, user("next")] };
  const variants = toVariants(chat.messages, answer);
  const native = ["user: hi", `assistant: ${answer}`, "user: next"];
  for (const [at, variant] of variants.entries()) {
    await readText(await proxy.chat({ ...body, ...variant.body }));
    assert.equal(countStarts(proxy, "replay"), at + 1, variant.what);
    const call = upstream.calls[at + 1];
    assert.deepEqual(toDialogue(call).flatMap(toParts), variant.dialogue ?? native, variant.what);
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
  // They leave the process of the unedited conversation where it was.
  await chat.say("next");
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", ...variants.map(() => "replay")],
  );
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), native);
});

test("two chats with equal questions never meet, nor two requests that go on from one of them at once", async (t) => {
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
  const known = [
    ...["user: hi", "assistant: answer 0 to hi", "user: and", "assistant: answer 2 to and"],
    ...["user: so", "assistant: answer 4 to so"],
  ];
  assert.deepEqual(toDialogue(upstream.calls[4]), known.slice(0, 5));
  assert.equal(countStarts(proxy, "replay"), 0);

  const both = createLatch();
  upstream.answer((call, at) => {
    if (at === 6) both.open();
    return [{ until: both.opened }, { text: `answer to ${toLastWords(call)}` }];
  });
  const branches = ["one", "other"].map((words) => createChat(proxy, {}, left.messages).say(words));
  assert.deepEqual(await Promise.all(branches), ["answer to one", "answer to other"]);
  const dialogues = upstream.calls.slice(5).map(toDialogue);
  assert.deepEqual(
    dialogues.map((lines) => lines.slice(0, 6)),
    [known, known],
  );
  assert.deepEqual(dialogues.map((lines) => lines.slice(6).join()).sort(), ["user: one", "user: other"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "fresh", "replay"],
  );
});

test("effort, output limit and the showing of thinking change from turn to turn of one process, and go back", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const chat = createChat(proxy);
  await chat.say("one");
  await chat.say("two", { reasoning_effort: "low", max_tokens: 77 });
  await chat.say("three", { reasoning_effort: "high", max_completion_tokens: 1234 });
  await chat.say("four", { reasoning_effort: "none" });
  await chat.say("five");
  assert.equal(readStarts(proxy).length, 1);
  const settings = upstream.calls.map(({ body }) => [body.output_config?.effort, body.max_tokens]);
  assert.deepEqual(settings.slice(1, 3), [
    ["low", 77],
    ["high", 1234],
  ]);
  assert.deepEqual(settings[4], settings[0]);
  const thinking = upstream.calls.map(({ body }) => body["thinking"] as { display?: string } | undefined);
  assert.deepEqual([thinking[2]?.display, thinking[3]], ["summarized", undefined]);
  assert.deepEqual(thinking[4]?.display, thinking[0]?.display);
  const native = ["one", "two", "three", "four"].flatMap((words) => [`user: ${words}`, "assistant: Hello world"]);
  assert.deepEqual(toDialogue(upstream.calls[4]), [...native, "user: five"]);
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

test("a turn that is cut, filtered or hung up on is not filed: its process ends, and what was shown is replayed", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const said: Record<string, readonly Step[]> = {
    one: [{ text: "one two" }, { stop: "max_tokens" }],
    two: [{ text: "I can" }, { stop: "refusal" }],
    three: [{ text: "half" }, { hang: true }],
    four: [{ text: "went on" }],
  };
  upstream.answer((call) => said[toLastWords(call)] ?? [{ text: "CONTINUED" }, { hang: true }]);
  const messages = [user("one")];
  const cut = await proxy.chat({ model: "sonnet", max_tokens: 5, messages });
  assert.equal(await readFinish(cut), "length");
  await untilEnded(proxy, readStarts(proxy)[0]?.pid);

  messages.push(assistant("one two"), user("two"));
  assert.equal(await readFinish(await proxy.chat({ model: "sonnet", messages })), "content_filter");
  await untilEnded(proxy, readStarts(proxy)[1]?.pid);

  messages.push(assistant("I can"), user("three"));
  const leaving = new AbortController();
  const response = await proxy.chat({ model: "sonnet", stream: true, messages }, { signal: leaving.signal });
  await readUntil(response, "half");
  leaving.abort();
  await untilEnded(proxy, readStarts(proxy)[2]?.pid);
  const left = upstream.calls.find((call) => toLastWords(call) === "three");
  assert.equal(await left?.closed, true);
  await proxy.logged(/status=499/);

  messages.push(assistant("half"), user("four"));
  assert.equal(await readText(await proxy.chat({ model: "sonnet", messages })), "went on");
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay", "replay", "replay"],
  );
  const dialogue = ["user: one", "assistant: one two", "user: two", "assistant: I can", "user: three"];
  for (const [words, length] of Object.entries({ two: 3, three: 5 })) {
    const call = upstream.calls.find((held) => toLastWords(held) === words);
    assert.deepEqual(toDialogue(call), dialogue.slice(0, length));
  }
  const last = upstream.calls.find((call) => toLastWords(call) === "four");
  assert.deepEqual(toDialogue(last), [...dialogue, "assistant: half", "user: four"]);
});
