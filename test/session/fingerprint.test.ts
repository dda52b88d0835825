/** Fingerprints: alike for one conversation however a client writes it, and different for any two. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../src/core/reply.ts";
import { splitRounds } from "../../src/core/round.ts";
import type { RoundPart } from "../../src/core/round.ts";
import type { AssistantPart, Message, Turn, UserPart } from "../../src/core/turn.ts";
import { toFingerprints } from "../../src/session/fingerprint.ts";
import type { Setting } from "../../src/session/fingerprint.ts";
import { PLAIN_TURN, USAGE } from "../core/sample.ts";

const text = (words: string) => ({ type: "text", text: words }) as const;
const user = (...content: readonly UserPart[]): Message => ({ role: "user", content });
const assistant = (...content: readonly AssistantPart[]): Message => ({ role: "assistant", content });
const call = (id: string, name = "f", input = {}): AssistantPart => ({ type: "call", id, name, input });
const result = (id: string, content: readonly ReturnType<typeof text>[] = [], isError = false): UserPart => ({
  type: "result",
  id,
  content,
  isError,
});
const TOOL = { name: "f", description: "d", schema: { type: "object" } };
const SETTING: Setting = { model: "opus", tools: "none", servers: [] };
const REPLY: Reply = {
  model: "m",
  text: "yes",
  thinking: "",
  calls: [],
  parts: [{ type: "text", text: "yes" }],
  finish: "stop",
  stopSequence: undefined,
  usage: USAGE,
};

/** What a process is looked up by that knows these messages and is asked one more. */
async function before(
  messages: readonly Message[],
  fields: Partial<Turn> = {},
  model = "opus",
): Promise<string | undefined> {
  const turn = { ...PLAIN_TURN, ...fields, messages: [...messages, user(text("next"))] };
  return (await toFingerprints(turn, { ...SETTING, model })).before;
}

/** What a process is filed under after this reply to these messages. */
async function after(
  messages: readonly Message[],
  reply: Partial<Reply> = {},
  fields: Partial<Turn> = {},
): Promise<string> {
  const turn = { ...PLAIN_TURN, ...fields, messages };
  return (await toFingerprints(turn, SETTING)).after({ ...REPLY, ...reply });
}

test("a process is found by the next request under the key it was filed under", async () => {
  const asked = [user(text("hi"))];
  assert.equal(await after(asked), await before([...asked, assistant(text("yes"))]));
  const longer = [...asked, assistant(text("yes")), user(text("and?"))];
  assert.equal(await after(longer, { text: "no" }), await before([...longer, assistant(text("no"))]));
});

test("the same holds for answers with calls, however the client gives their arguments back", async () => {
  const asked = [user(text("hi"))];
  const calls = [
    { id: "a1", name: "f", arguments: '{"b": 1,  "a": {"d":2,"c":3}}' },
    { id: "a2", name: "g", arguments: "{}" },
  ];
  const history = [...asked, assistant(text("yes"), call("a1", "f", { a: { c: 3, d: 2 }, b: 1 }), call("a2", "g"))];
  const results = user(result("a1"), result("a2"));
  const turn = { ...PLAIN_TURN, messages: [...history, results] };
  assert.equal((await toFingerprints(turn, SETTING)).before, await after(asked, { calls }));
});

test("an answer with calls to servers has one fingerprint however its rounds are cut, and each result counts", async () => {
  const asked = [user(text("hi"))];
  const content = [text("2")];
  const made = ["toolu_1", "toolu_2"].map((id) => ({ id, name: "f", arguments: "{}", server: "s" }));
  const calls = made.map((held) => ({
    ...held,
    result: { type: "mcp_result", id: held.id, content, isError: false } as const,
  }));
  const parts = [
    ...([0, 1] as const).map((index) => ({ type: "mcp_call", index }) as const),
    ...([0, 1] as const).map((index) => ({ type: "mcp_result", index }) as const),
    text("yes"),
  ];
  const key = await after(asked, { parts, mcp: { servers: [], calls } });
  const served = (id: string): RoundPart => ({ type: "call", id, name: "f", input: {}, server: "s" });
  const got = (id: string, words = "2"): RoundPart => ({ type: "result", id, content: [text(words)], isError: false });
  const give = (...given: RoundPart[]) => before([...asked, ...splitRounds([...given, text("yes")])]);
  assert.equal(await give(served("toolu_1"), served("toolu_2"), got("toolu_1"), got("toolu_2")), key);
  assert.equal(await give(served("toolu_1"), got("toolu_1"), served("toolu_2"), got("toolu_2")), key);
  assert.notEqual(await give(served("toolu_1"), got("toolu_1"), served("toolu_2"), got("toolu_2", "3")), key);
  assert.notEqual(await give(), key);
});

test("arguments that are no JSON object come back as an empty one", async () => {
  const asked = [user(text("hi"))];
  for (const json of ["", "{", "[]", "null"]) {
    const turn = { ...PLAIN_TURN, messages: [...asked, assistant(text("yes"), call("a1")), user(result("a1"))] };
    assert.equal(
      (await toFingerprints(turn, SETTING)).before,
      await after(asked, { calls: [{ id: "a1", name: "f", arguments: json }] }),
      json,
    );
  }
});

test("white space around texts, and the way an answer is cut, change nothing", async () => {
  const plain = await before([user(text("hi")), assistant(text("yes, sir"))]);
  assert.equal(await before([user(text(" hi\n")), assistant(text("yes, sir"))]), plain);
  assert.equal(await before([user(text("hi"), text(" ")), assistant(text("yes,"), text(" sir\n"))]), plain);
  assert.equal(await before([user(text("hi")), assistant(text("yes, sir"))], { system: "  \n" }), plain);
});

test("there is nothing to look up before the first answer, or where the last message follows none", async () => {
  assert.equal(await before([]), undefined);
  assert.equal(
    (await toFingerprints({ ...PLAIN_TURN, messages: [user(text("a")), user(text("b"))] }, SETTING)).before,
    undefined,
  );
});

/** Histories of which no two are the same conversation. */
const DIFFERENT: Readonly<Record<string, readonly Message[]>> = {
  plain: [user(text("ab")), assistant(text("c"))],
  "a letter moved to the next message": [user(text("a")), assistant(text("bc"))],
  "a text in two parts": [user(text("a"), text("b")), assistant(text("c"))],
  "other letters": [user(text("ba")), assistant(text("c"))],
  "other case": [user(text("Ab")), assistant(text("c"))],
  "white space inside": [user(text("a b")), assistant(text("c"))],
  "a line break inside": [user(text("a\nb")), assistant(text("c"))],
  "two rounds": [user(text("ab")), assistant(text("c")), user(text("ab")), assistant(text("c"))],
  "two answers": [user(text("ab")), assistant(text("c")), assistant(text("c"))],
  "text that looks like a length": [user(text("ab\n1:c")), assistant(text("c"))],
  "text that names a kind of part": [user(text("text"), text("ab")), assistant(text("c"))],
  "an image by URL": [user({ type: "image", source: { type: "url", url: "ab" } }), assistant(text("c"))],
  "a document": [user({ type: "document", source: { type: "text", text: "ab" } }), assistant(text("c"))],
  "a document of a name": [
    user({ type: "document", source: { type: "text", text: "ab" }, title: "a" }),
    assistant(text("c")),
  ],
  "a call": [user(text("ab")), assistant(text("c"), call("1"))],
  "a call of another id": [user(text("ab")), assistant(text("c"), call("2"))],
  "a call of another tool": [user(text("ab")), assistant(text("c"), call("1", "g"))],
  "a call of other arguments": [user(text("ab")), assistant(text("c"), call("1", "f", { x: 1 }))],
  "a call of arguments of another type": [user(text("ab")), assistant(text("c"), call("1", "f", { x: "1" }))],
  "a call twice": [user(text("ab")), assistant(text("c"), call("1"), call("1"))],
  "a result": [user(text("ab")), assistant(text("c"), call("1")), user(result("1", [text("r")])), assistant(text("d"))],
  "a result that failed": [
    user(text("ab")),
    assistant(text("c"), call("1")),
    user(result("1", [text("r")], true)),
    assistant(text("d")),
  ],
  "another result": [
    user(text("ab")),
    assistant(text("c"), call("1")),
    user(result("1", [text("s")])),
    assistant(text("d")),
  ],
  "a result and a word": [
    user(text("ab")),
    assistant(text("c"), call("1")),
    user(result("1", [text("r")]), text("s")),
    assistant(text("d")),
  ],
  "a result of two words": [
    user(text("ab")),
    assistant(text("c"), call("1")),
    user(result("1", [text("r"), text("s")])),
    assistant(text("d")),
  ],
  "a word instead of a result": [
    user(text("ab")),
    assistant(text("c"), call("1")),
    user(text("r")),
    assistant(text("d")),
  ],
};

test("other tools of the CLI's own, another server or another secret of it is another process", async () => {
  const turn = { ...PLAIN_TURN, messages: [user(text("a")), assistant(text("b")), user(text("c"))] };
  const server = { name: "s", config: { headers: { Authorization: "x" } } };
  const settings: readonly Setting[] = [
    SETTING,
    { ...SETTING, tools: "web" },
    { ...SETTING, servers: [server] },
    { ...SETTING, servers: [{ ...server, name: "t" }] },
    { ...SETTING, servers: [{ ...server, config: { headers: { Authorization: "y" } } }] },
    { ...SETTING, servers: [{ ...server, allowedTools: ["f"] }] },
  ];
  const all = await Promise.all(settings.map((setting) => toFingerprints(turn, setting)));
  assert.equal(new Set(all.map(({ before: key }) => key)).size, settings.length);
});

test("no two conversations that differ have one key", async () => {
  const names = new Map<string, string>();
  for (const [name, history] of Object.entries(DIFFERENT)) {
    const key = (await before(history)) ?? "";
    assert.equal(names.get(key), undefined, `"${name}" has the key of "${names.get(key)}"`);
    names.set(key, name);
  }
});

test("no two set-ups that differ have one key", async () => {
  const other = { ...TOOL, name: "g" };
  const setUps: readonly Partial<Turn>[] = [
    {},
    { system: "s" },
    { tools: [TOOL] },
    { tools: [{ ...TOOL, description: "e" }] },
    { tools: [{ ...TOOL, schema: { type: "object", required: [] } }] },
    { tools: [TOOL, other] },
    { tools: [other, TOOL] },
    { tools: [TOOL], toolChoice: "required" },
    { tools: [TOOL], toolChoice: { name: "f" } },
    { tools: [TOOL], toolChoice: "required", parallelCalls: false },
    { tools: [TOOL], toolChoice: "none", format: { type: "json", schema: { type: "object" } } },
    { tools: [TOOL], format: { type: "json", schema: { type: "object" } } },
    { format: { type: "json", schema: { type: "object" } } },
    { format: { type: "json", schema: { type: "object", required: ["a"] } } },
  ];
  const history = [user(text("hi")), assistant(text("yes"))];
  const found = await Promise.all([...setUps.map((fields) => before(history, fields)), before(history, {}, "sonnet")]);
  assert.equal(new Set(found).size, found.length);
});

test("what is a setting of one turn does not change the set-up", async () => {
  const history = [user(text("hi")), assistant(text("yes"))];
  const settings: readonly Partial<Turn>[] = [
    { toolChoice: "none" },
    { parallelCalls: false },
    { stop: ["END"] },
    { effort: "high", maxTokens: 5 },
    { thinking: { mode: "off" } },
  ];
  for (const tools of [[], [TOOL]]) {
    const plain = await before(history, { tools });
    for (const rest of settings) assert.equal(await before(history, { tools, ...rest }), plain);
  }
});

test("tools of equal schemas are alike, whatever the order of their keys", async () => {
  const history = [user(text("hi")), assistant(text("yes"))];
  const one = { ...TOOL, schema: { type: "object", properties: { a: {}, b: {} } } };
  const same = { ...TOOL, schema: { properties: { b: {}, a: {} }, type: "object" } };
  assert.equal(await before(history, { tools: [one] }), await before(history, { tools: [same] }));
});

test("all conversations of some letters have fingerprints of their own, however the letters fall into messages", async () => {
  const cuts = (letters: string): string[][] =>
    letters.length < 2
      ? [[letters]]
      : cuts(letters.slice(1)).flatMap(([first = "", ...rest]) => [
          [letters.slice(0, 1), first, ...rest],
          [letters.slice(0, 1) + first, ...rest],
        ]);
  const histories = ["abcdef", "aabbcc", "1:1:1:", "\\n1:aa"]
    .flatMap(cuts)
    .map((pieces) => pieces.map((piece, at) => (at % 2 ? assistant(text(piece)) : user(text(piece)))));
  const whole = histories.filter((messages) => messages.length % 2 === 0);
  const found = await Promise.all(whole.map((messages) => before(messages)));
  assert.equal(new Set(found).size, whole.length);
});

test("a message of very many parts has no mark, and others have one part each", async () => {
  const toParts = async (count: number): Promise<number | undefined> => {
    const messages = [user(...Array.from({ length: count }, (_, at) => text(`part ${at}`)))];
    return (await (await toFingerprints({ ...PLAIN_TURN, messages }, SETTING)).mark(REPLY, "message"))?.parts.length;
  };
  assert.deepEqual([await toParts(1), await toParts(100), await toParts(101)], [1, 100, undefined]);
});

test("the event loop goes round while the answers of a long history are hashed", async () => {
  const said = (at: number): Message => (at % 2 === 0 ? user(text(`${at}`)) : assistant(text(`${at}`)));
  const messages = Array.from({ length: 20_001 }, (_, at) => said(at));
  const fingerprints = await toFingerprints({ ...PLAIN_TURN, messages }, SETTING);
  let rounds = 0;
  const timer = setInterval(() => rounds++, 0);
  const answers = await fingerprints.answers();
  clearInterval(timer);
  assert.equal(answers.filter((key) => key !== undefined).length, 10_000);
  assert.ok(rounds > 0);
});
