/** Answers as the API gave them: found again by the fingerprint of their conversation, and bounded in bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFold } from "../../src/core/reply.ts";
import type { Reply } from "../../src/core/reply.ts";
import type { AssistantPart, Message, Turn, UserPart } from "../../src/core/turn.ts";
import { toFingerprints } from "../../src/session/fingerprint.ts";
import { createAnswerMemory } from "../../src/session/memory.ts";
import { PLAIN_TURN } from "../core/sample.ts";

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });
const toRecord = (text: string) => ({ model: "m", effort: undefined, content: [{ type: "text", text }] });
const toPrints = (messages: readonly Message[], fields: Partial<Turn> = {}) =>
  toFingerprints({ ...PLAIN_TURN, ...fields, messages }, { model: "opus", tools: "none", servers: [] });

function reply(text: string): Reply {
  const fold = createFold();
  fold.add([{ type: "text", text }]);
  return fold.reply;
}

test("each answer of a history is found; those after an edit are not, nor those of another set-up", async () => {
  const memory = createAnswerMemory();
  const history = [user("a"), assistant("b"), user("c"), assistant("d"), user("e")];
  memory.put(await (await toPrints(history.slice(0, 1))).after(reply("b")), [toRecord("b")], reply("b"));
  memory.put(await (await toPrints(history.slice(0, 3))).after(reply("d")), [toRecord("d")], reply("d"));
  const recall = async (messages: readonly Message[], fields: Partial<Turn> = {}): Promise<unknown[]> => {
    const fingerprints = await (await toPrints(messages, fields)).answers();
    return memory.recall(messages.slice(0, -1), fingerprints).records.map((record) => record?.content[0]?.["text"]);
  };
  assert.deepEqual(await recall(history), [undefined, "b", undefined, "d"]);
  assert.deepEqual(await recall(history.with(2, user("C"))), [undefined, "b", undefined, undefined]);
  assert.deepEqual(await recall(history.with(1, assistant("B"))), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(await recall(history, { system: "other" }), [undefined, undefined, undefined, undefined]);
});

test("the answers of one history are those of another as well, by their places", () => {
  const memory = createAnswerMemory();
  for (const key of ["k1", "k2"]) memory.put(key, [toRecord(key)], reply(key));
  memory.copy([undefined, "k1", undefined, "k2", "none"], [undefined, "k1", undefined, "n2", "n3", "n4"]);
  const find = (key: string): unknown => memory.recall([assistant("")], [key]).records[0]?.content[0]?.["text"];
  assert.deepEqual(["k1", "k2", "n2", "n3", "n4"].map(find), ["k1", "k2", "k2", undefined, undefined]);
});

test("the answers unused for longest are forgotten first, and one that says something else is not taken", () => {
  const memory = createAnswerMemory(2500);
  const find = (key: string): boolean => memory.recall([assistant("")], [key]).records[0] !== undefined;
  const long = "x".repeat(500);
  for (const key of ["a", "b"]) memory.put(key, [toRecord(long)], reply(long));
  assert.ok(find("a"));
  memory.put("c", [toRecord(long)], reply(long));
  assert.deepEqual(["a", "b", "c"].map(find), [true, false, true]);
  memory.put("d", [toRecord("one")], reply("another"));
  memory.put("e", [], reply(""));
  assert.deepEqual(["d", "e"].map(find), [false, false]);
});

test("an answer with calls to MCP servers gets its rounds back, images and records too, however it was cut since", async () => {
  const memory = createAnswerMemory();
  const image = { type: "image", source: { type: "base64", mediaType: "image/png", data: "AA==" } } as const;
  const use = (id: string) => ({ type: "tool_use", id, name: "mcp__s__f", input: {} });
  const fold = createFold();
  for (const id of ["t_1", "t_2"])
    fold.add([
      { type: "mcp_call", id, server: "s", name: "f" },
      { type: "mcp_result", id, content: [image], isError: false },
    ]);
  fold.add([{ type: "text", text: "done" }]);
  const records = [...["t_1", "t_2"].map((id) => ({ ...toRecord(""), content: [use(id)] })), toRecord("done")];
  memory.put(await (await toPrints([user("go")])).after(fold.reply), records, fold.reply);

  const call = (id: string): AssistantPart => ({ type: "call", id, name: "f", input: {}, server: "s" });
  const told = (id: string): UserPart => ({
    ...{ type: "result", id, isError: false, server: "s" },
    content: [{ type: "text", text: "[image: image/png]" }],
  });
  const recall = async (...answer: readonly Message[]) => {
    const messages = [user("go"), ...answer, user("and?")];
    return memory.recall(messages.slice(0, -1), await (await toPrints(messages)).answers());
  };
  const joined: Message[] = [
    { role: "assistant", content: [call("t_1"), call("t_2")] },
    { role: "user", content: [told("t_1"), told("t_2")] },
    assistant("done"),
  ];
  const { messages, records: found } = await recall(...joined);
  assert.deepEqual(
    messages.slice(1).map(({ content }) => content.map((part) => ("id" in part ? part.id : part.type)).join()),
    ["t_1", "t_1", "t_2", "t_2", "text"],
  );
  assert.deepEqual(
    messages.flatMap(({ content }) => content.flatMap((part) => (part.type === "result" ? part.content : []))),
    [image, image],
  );
  assert.deepEqual(found, [undefined, records[0], undefined, records[1], undefined, records[2]]);
  const thinking: AssistantPart = { type: "thinking", text: "", signature: "other" };
  const own = [
    ...joined.slice(0, 2),
    { role: "assistant", content: [thinking, { type: "text", text: "done" }] } as const,
  ];
  assert.deepEqual((await recall(...own)).messages, [user("go"), ...own], "a client's own thinking stays");
});
