/** P30 to P39: what goes in and comes out of a turn, and where the CLI goes on by itself. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../../src/lib/json.ts";
import { PNG } from "../../../test/helpers/sdk.ts";
import { toDialogue, toPlainMessages } from "../../../test/helpers/upstream.ts";
import type { Step } from "../../../test/helpers/upstream.ts";
import { lastCall, text, tool, toAssistant, toUser } from "../probe.ts";
import type { Measurement, Probe } from "../probe.ts";
import { get } from "../session.ts";

/** The dialogue of the API's last call, after an answer of these steps and the calls that the CLI makes by itself. */
async function dialogueAfter(probe: Probe, steps: readonly Step[]): Promise<string> {
  probe.api.reset();
  probe.api.answer((_call, at) => (at === 0 ? steps : [{ text: "more" }]));
  const session = await probe.open();
  await session.turn("go");
  return toDialogue(lastCall(probe)).join("\n");
}

const BLOCKS: readonly JsonObject[] = [
  text("Look:"),
  { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
  { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
  { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" }, title: "a.pdf" },
  { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
];

export const TURN: Readonly<Record<string, Measurement>> = {
  async P30(probe) {
    const session = await probe.open();
    writeFileSync(join(session.folder, "secret.txt"), "a well kept secret");
    for (const words of ["/cost", "see @secret.txt"]) {
      await session.turn(words);
      assert.equal(toDialogue(lastCall(probe)).at(-1), `user: ${words}`);
    }
    assert.ok(!JSON.stringify(lastCall(probe).body).includes("a well kept secret"));
    const calls = probe.api.calls.length;
    const done = session.next(({ type }) => type === "result");
    session.say("/cost", { client_composed: false });
    await done;
    assert.equal(probe.api.calls.length, calls, "/cost did not run as a command");
  },
  async P31(probe) {
    await (await probe.open()).turn(BLOCKS);
    assert.deepEqual(toPlainMessages(lastCall(probe))[0]?.content, BLOCKS);
  },
  async P32(probe) {
    probe.api.answer(() => [{ redacted: "UkVE" }, { thinking: ["a", "b"] }, { text: ["c", "d"] }]);
    const session = await probe.open();
    await session.turn("go");
    const events = session.messages.filter(({ type }) => type === "stream_event").map(({ event }) => get(event));
    const deltas = events.map((event) => get(event, "delta")["type"]).filter((type) => type !== undefined);
    assert.deepEqual(deltas, [
      ...["thinking_delta", "thinking_delta", "signature_delta"],
      ...["text_delta", "text_delta"],
    ]);
    assert.deepEqual([events[0]?.["type"], events.at(-1)?.["type"]], ["message_start", "message_stop"]);
    assert.ok(events.some((event) => get(event, "content_block")["data"] === "UkVE"));
    await session.turn("again");
    const content = toPlainMessages(lastCall(probe))[1]?.content as readonly JsonObject[];
    assert.deepEqual(
      content.map(({ type }) => type),
      ["redacted_thinking", "thinking", "text"],
    );
  },
  async P33(probe) {
    assert.match(await dialogueAfter(probe, [{ text: "cut" }, { stop: "max_tokens" }]), /Output token limit hit/);
    assert.equal(probe.api.calls.length, 2);
  },
  async P35(probe) {
    probe.api.answer(() => [{ text: "before " }, { stop: "stop_sequence", sequence: "END" }]);
    const session = await probe.open();
    const result = await session.turn("go");
    assert.deepEqual([result["subtype"], result["stop_reason"]], ["success", "stop_sequence"]);
    const told = session.messages.map((message) => get(message, "event", "delta")["stop_sequence"]);
    assert.ok(told.includes("END"));
    await session.turn("again");
    assert.deepEqual(toDialogue(lastCall(probe)), ["user: go", "assistant: before ", "user: again"]);
  },
  async P36(probe) {
    for (const steps of [[], [{ thinking: "hm" }], [{ text: "\n" }], [{ stop: "stop_sequence", sequence: "END" }]])
      assert.match(await dialogueAfter(probe, steps), /no visible output/, JSON.stringify(steps));
  },
  async P37(probe) {
    probe.api.answer((_call, at) => (at === 0 ? [{ text: "half" }, { hang: true }] : [{ text: "ok" }]));
    const session = await probe.open();
    const result = session.turn("go");
    await session.next((message) => get(message, "event")["type"] === "content_block_delta");
    await session.ask({ subtype: "interrupt" });
    await result;
    await session.turn("again");
    assert.match(toDialogue(lastCall(probe)).join("\n"), /interrupted/i);
  },
  async P38(probe) {
    for (const model of ["haiku", "claude-opus-4-5-20251101"]) {
      probe.api.reset();
      probe.api.answer((_call, at) => (at === 0 ? [{ tool: "mcp__client__f", input: {} }] : [{ text: "ok" }]));
      const onCall = () => ({ content: [text("the result")] });
      const session = await probe.open({ launch: { model }, tools: [tool("f")], onCall });
      await session.turn("go");
      assert.equal(toDialogue(lastCall(probe)).at(-1), "user: <tool_result>", model);
      assert.equal(lastCall(probe).body.messages.filter(({ role }) => role === "system").length < 2, true, model);
    }
  },
  async P39(probe) {
    const entries = [toUser("one"), toAssistant([text("A")], probe.modelId), toUser("two")];
    await (await probe.replay(entries)).turn("three");
    assert.deepEqual(toPlainMessages(lastCall(probe)).at(-1)?.content, [text("two\n"), text("three")]);
  },
};
