/** The CLI's messages as events: where an answer ends, what is voided, and which failure is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnswer } from "../../../src/cli/answer/answer.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { ErrorKind } from "../../../src/core/error.ts";
import type { TurnEvent } from "../../../src/core/event.ts";
import type { Block } from "../lines.ts";
import {
  failure,
  failureOf,
  init,
  messageDelta,
  messageStart,
  messageStop,
  MODEL,
  open,
  play,
  rateLimit,
  retry,
  round,
  ROUND_USAGE,
  success,
  synthetic,
  text,
  thinking,
  toolResult,
  toolUse,
} from "../lines.ts";

const types = (events: readonly TurnEvent[]): string[] => events.map(({ type }) => type);

test("an answer is its text, and ends with the result", () => {
  const { events, answer, reply } = play([init(), ...round("end_turn", text("Hello", " world")), success()]);
  assert.deepEqual(events, [
    { type: "start", model: MODEL, usage: { input: 3, cacheCreation: 2, cacheRead: 1 } },
    { type: "text", text: "Hello" },
    { type: "text", text: " world" },
    { type: "done", finish: "stop", usage: ROUND_USAGE },
  ]);
  assert.deepEqual([answer.state, reply.model], ["finished", MODEL]);
});

test("messages read all at once give the same events as one at a time", () => {
  const messages = [init(), ...round("end_turn", thinking("hm"), text("a", "b")), success()];
  const answer = createAnswer({
    stop: [],
    structured: undefined,
    tools: new Set(),
    hasOwnTools: false,
    servers: new Set(),
    readServers: () => [],
    openCalls: [],
    elapsedMs: () => 0,
  });
  assert.deepEqual(answer.read(messages), play(messages).events);
});

test("thinking comes as thinking, and ends with its signature", () => {
  const { reply, events } = play([...round("end_turn", thinking("Let me", " see"), text("42")), success()]);
  assert.deepEqual([reply.thinking, reply.text], ["Let me see", "42"]);
  assert.deepEqual(types(events), ["start", "thinking", "thinking", "signature", "text", "done"]);
});

const BLANK: Readonly<Record<string, readonly Block[]>> = {
  "no block": [],
  "thinking alone": [thinking("hm")],
  "white space alone": [thinking("hm"), text(" ", "\n"), text("")],
};

for (const [name, blocks] of Object.entries(BLANK)) {
  test(`an answer of ${name} ends with its message, before the CLI asks for another`, () => {
    for (const reason of ["end_turn", "stop_sequence"]) {
      const { reply, events, answer } = play([...open(...blocks), messageDelta(reason)]);
      assert.deepEqual([reply.finish, reply.usage, answer.state], ["stop", ROUND_USAGE, "cut"], reason);
      assert.equal(answer.isWhole, false);
      assert.deepEqual([types(events)[0], types(events).at(-1)], ["start", "done"]);
    }
  });
}

test("after a round of tools, too, a message without a word ends the answer", () => {
  const looked = [...round("tool_use", text("One."), toolUse("toolu_1", "Bash")), toolResult("toolu_1", true)];
  const { reply, answer } = play([...looked, ...open(), messageDelta("end_turn")]);
  assert.deepEqual([reply.text, reply.finish, answer.state], ["One.", "stop", "cut"]);
});

test("an answer that would go on from a message without a reason has broken off, and fails", () => {
  const half = [...open(text("half")), messageDelta(""), messageStop()];
  assert.throws(() => play([...half, ...open(text("whole"))]), { kind: "bad_gateway", message: /broke off/ });
});

test("a message without a word or a reason costs nothing when another follows", () => {
  const { reply } = play([...open(), messageDelta(""), messageStop(), ...round("end_turn", text("whole")), success()]);
  assert.equal(reply.text, "whole");
});

test("the other reasons to stop end with the result, too", () => {
  for (const reason of ["stop_sequence", "pause_turn", "anything_new"]) {
    const { reply, answer } = play([...round(reason, text("a")), success()]);
    assert.deepEqual([reply.finish, answer.state], ["stop", "finished"], reason);
  }
});

test("a stop sequence at which the API ends is told, and leaves a process that can go on", () => {
  const { reply, answer } = play([
    ...open(text("one ")),
    messageDelta("stop_sequence", "two"),
    messageStop(),
    success(),
  ]);
  assert.deepEqual(
    [reply.text, reply.finish, reply.stopSequence, reply.usage, answer.state],
    ["one ", "stop", "two", ROUND_USAGE, "finished"],
  );
});

test("a stop sequence at which the API ends before any text is told with the cut", () => {
  const { reply, answer } = play([...open(), messageDelta("stop_sequence", "two")]);
  assert.deepEqual([reply.finish, reply.stopSequence, answer.state], ["stop", "two", "cut"]);
});

const CUT = { max_tokens: "length", model_context_window_exceeded: "length", refusal: "content_filter" } as const;

for (const [reason, finish] of Object.entries(CUT)) {
  test(`${reason} ends the answer there with ${finish}, and the process is cut off`, () => {
    const { reply, answer } = play([...open(text("Once upon")), messageDelta(reason)]);
    assert.deepEqual([reply.text, reply.finish, reply.usage, answer.state], ["Once upon", finish, ROUND_USAGE, "cut"]);
    assert.equal(answer.isWhole, reason !== "refusal");
    assert.equal(reply.isWindowFull, reason === "model_context_window_exceeded" ? true : undefined);
  });

  test(`what the CLI goes on to say after ${reason} is not shown`, () => {
    const { reply, events } = play([...round(reason, text("a")), ...round("end_turn", text("more")), success()]);
    assert.equal(reply.text, "a");
    assert.equal(types(events).filter((type) => type === "done").length, 1);
  });
}

test("nothing follows the end, and no failure either", () => {
  const { events } = play([
    ...round("end_turn", text("a")),
    success(),
    ...round("end_turn", text("b")),
    failure(),
    retry(429),
  ]);
  assert.deepEqual(types(events), ["start", "text", "done"]);
});

test("text before and after a tool that does not exist is one answer, its rounds apart, its tokens added up", () => {
  const { reply, answer } = play([
    ...round("tool_use", text("Let me look."), toolUse("toolu_1", "Bash", '{"command":"ls"}')),
    toolResult("toolu_1", true),
    ...round("end_turn", text("I cannot.")),
    success(),
  ]);
  assert.deepEqual(
    [reply.text, reply.calls, reply.finish, answer.state],
    ["Let me look.\n\nI cannot.", [], "stop", "finished"],
  );
  assert.deepEqual(reply.usage, { input: 6, cacheCreation: 4, cacheRead: 2, output: 18 });
});

test("a call that begins anew after part of its text voids that part", () => {
  const { events, reply } = play([...open(text("Hel")), retry(529), ...round("end_turn", text("Hello")), success()]);
  assert.deepEqual(types(events), ["start", "text", "retract", "text", "done"]);
  assert.deepEqual([reply.text, reply.usage], ["Hello", ROUND_USAGE]);
});

test("a call that begins anew without a word about it voids its part as well", () => {
  const { events, reply } = play([
    ...open(thinking("hm"), text("Hel")),
    ...round("end_turn", text("Hello")),
    success(),
  ]);
  assert.ok(types(events).includes("retract"));
  assert.deepEqual([reply.text, reply.thinking, reply.usage], ["Hello", "", ROUND_USAGE]);
});

test("a retry before the first word voids nothing", () => {
  const { events } = play([messageStart(), retry(500), retry(500, 2), ...round("end_turn", text("Hello")), success()]);
  assert.deepEqual(types(events), ["start", "text", "done"]);
});

test("a second round that begins anew leaves the first one's text", () => {
  const { reply } = play([
    ...round("tool_use", text("One."), toolUse("toolu_1", "Bash")),
    toolResult("toolu_1", true),
    ...open(text("Tw")),
    retry(529),
    ...round("end_turn", text("Two.")),
    success(),
  ]);
  assert.equal(reply.text, "One.\n\nTwo.");
});

test("a retry between two rounds voids nothing of the first, which is whole", () => {
  const { reply, events } = play([
    ...round("tool_use", text("One."), toolUse("toolu_1", "Bash")),
    toolResult("toolu_1", true),
    retry(529),
    ...round("end_turn", text("Two.")),
    success(),
  ]);
  assert.equal(reply.text, "One.\n\nTwo.");
  assert.ok(!types(events).includes("retract"));
});

test("text held back for a stop sequence is forgotten when its call begins anew", () => {
  const { reply } = play([...open(text("one ST")), ...round("end_turn", text("OP two")), success()], {
    stop: ["STOP"],
  });
  assert.deepEqual([reply.text, reply.finish, reply.stopSequence], ["OP two", "stop", undefined]);
});

test("a stop sequence ends the answer before it, at every cut, and the process is cut off", () => {
  const words = "one 🎉 STOP two";
  for (let at = 0; at <= words.length; at++) {
    const { reply, answer } = play(round("end_turn", text(words.slice(0, at), words.slice(at))), {
      stop: ["STOP", "\n\n"],
    });
    assert.deepEqual(
      [reply.text, reply.finish, reply.stopSequence, answer.state],
      ["one 🎉 ", "stop", "STOP", "cut"],
      String(at),
    );
  }
});

test("an answer cut at a stop sequence has its input counted and its output guessed", () => {
  const { reply } = play(open(text("x".repeat(400), "STOP")), { stop: ["STOP"] });
  assert.deepEqual(reply.usage, { input: 3, cacheCreation: 2, cacheRead: 1, output: 101 });
});

test("thinking and the input of calls count in such a guess, too", () => {
  const { reply } = play(open(thinking("y".repeat(200)), text("x".repeat(200), "STOP")), { stop: ["STOP"] });
  assert.equal(reply.usage.output, 101);
});

test("what looked like the beginning of a stop sequence is shown at the end", () => {
  const { reply } = play([...round("end_turn", text("one ST")), success()], { stop: ["STOP"] });
  assert.deepEqual([reply.text, reply.stopSequence], ["one ST", undefined]);
});

test("messages of sub-agents and of types unknown give nothing", () => {
  const { events } = play([
    ...round("end_turn", text("a")),
    { type: "other" },
    { type: "assistant", uuid: "u", id: "m", model: "m", content: [], uses: [] },
    rateLimit("allowed_warning"),
    success(),
  ]);
  assert.deepEqual(types(events), ["start", "text", "done"]);
});

const STATUSES: readonly (readonly [number, ErrorKind])[] = [
  [400, "invalid_request"],
  [403, "forbidden"],
  [404, "model_not_found"],
  [413, "too_large"],
  [429, "rate_limited"],
  [500, "upstream"],
  [529, "overloaded"],
];

for (const [status, kind] of STATUSES) {
  test(`a result with the upstream's ${status} is ${kind}, in the upstream's words`, () => {
    const error = failureOf([init(), failure({ api_error_status: status })]);
    assert.ok(error instanceof ProxyError);
    assert.deepEqual([error.kind, error.message], [kind, "API Error: words"]);
  });
}

const CODES: readonly (readonly [string, ErrorKind])[] = [
  ["authentication_failed", "not_logged_in"],
  ["oauth_org_not_allowed", "forbidden"],
  ["billing_error", "credits_exhausted"],
  ["rate_limit", "rate_limited"],
  ["invalid_request", "invalid_request"],
  ["server_error", "upstream"],
  ["overloaded", "overloaded"],
  ["something_new", "bad_gateway"],
  ["constructor", "bad_gateway"],
];

for (const [code, kind] of CODES) {
  test(`a failure that the CLI calls ${code} is ${kind}`, () =>
    assert.equal(failureOf([synthetic(code), failure()]).kind, kind));
}

test("a failure is told by its codes, whatever its prose says", () => {
  const words = "prompt is too long, rate limit reached, please log in";
  assert.equal(failureOf([failure({ result: words })]).kind, "bad_gateway");
  assert.equal(failureOf([failure({ terminal_reason: "prompt_too_long" })]).kind, "context_too_long");
});

test("an answer that was not told, or not to its end, is a failure and never a short answer", () => {
  const untold = failureOf([init(), success()]);
  const half = failureOf([init(), ...open(text("half")), messageStop(), success()]);
  assert.deepEqual([untold.kind, half.kind], ["bad_gateway", "bad_gateway"]);
});

test("a missing login says what to do", () => {
  const error = failureOf([synthetic("authentication_failed"), failure({ result: "Please run /login" })]);
  assert.match(error.message, /claude auth login/);
});

test("a rejected plan limit is told with its reset time, and whom it holds for", () => {
  const error = failureOf([rateLimit("rejected"), synthetic("rate_limit", 429), failure({ api_error_status: 429 })]);
  assert.deepEqual([error.kind, error.planLimit], ["rate_limited", "account"]);
  assert.ok((error.retryAfterSeconds ?? 0) > 60);
  assert.equal(
    failureOf([rateLimit("rejected", "seven_day_opus"), failure({ api_error_status: 429 })]).planLimit,
    "model",
  );
});

test("a rejected plan limit is told as such also where the CLI begins to retry", () => {
  assert.equal(failureOf([rateLimit("rejected"), retry(429, 1, 20_700)]).planLimit, "account");
});

test("a plan limit that only warns changes nothing", () => {
  assert.equal(play([rateLimit("allowed_warning"), ...round("end_turn", text("a")), success()]).reply.text, "a");
  assert.equal(failureOf([rateLimit("allowed_warning"), failure({ api_error_status: 500 })]).planLimit, undefined);
});

test("a retry that cannot help ends the turn with the upstream's status", () => {
  const error = failureOf([messageStart(), retry(429, 1, 20_700)]);
  assert.deepEqual([error.kind, error.retryAfterSeconds], ["rate_limited", 21]);
});

test("a retry that may help is waited for, until patience ends", () => {
  assert.equal(failureOf([retry(529)], { elapsedMs: () => 9_900 }).kind, "overloaded");
  assert.equal(
    play([retry(529), ...round("end_turn", text("a")), success()], { elapsedMs: () => 9_000 }).reply.text,
    "a",
  );
});

test("an error after part of an answer is thrown, not shown as its end", () => {
  assert.equal(failureOf([...open(text("Hel")), failure({ api_error_status: 529 })]).kind, "overloaded");
});

test("an end of a call with no call in it is no end of the turn", () => {
  const { answer } = play([messageStart(), messageDelta("tool_use"), messageStop()]);
  assert.equal(answer.state, "open");
});
