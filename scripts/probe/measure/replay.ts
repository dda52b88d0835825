/** P50 to P57: a transcript of our own as a history. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../../src/lib/json.ts";
import { isObject } from "../../../src/lib/json.ts";
import { PNG } from "../../../test/helpers/sdk.ts";
import { toDialogue, toPlainMessages } from "../../../test/helpers/upstream.ts";
import { lastCall, text, tool, toAssistant, toUnmarked, toUser } from "../probe.ts";
import type { Measurement, Probe } from "../probe.ts";
import type { Session } from "../session.ts";

const NOTES = ["environment", "model", "session_context", "date"];
const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };

/** The transcript's entries, as a session with `--session-mirror` has told them. */
function toEntries({ messages }: Session): JsonObject[] {
  const told = messages.filter(({ type }) => type === "transcript_mirror").map(({ entries }) => entries);
  return told.flatMap((entries) => (Array.isArray(entries) ? entries.filter(isObject) : []));
}

/** The CLI's notes as entries, each only as far as a transcript of ours needs it. */
function toNotes(session: Session): JsonObject[] {
  return toEntries(session).flatMap(({ attachment }) =>
    isObject(attachment) && NOTES.includes(String(attachment["type"])) ? [{ type: "attachment", attachment }] : [],
  );
}

function openMirrored(probe: Probe, folder: string, model = "sonnet"): Promise<Session> {
  const launch = { model, session: { type: "begin", id: randomUUID() } } as const;
  return probe.open({ launch, folder, args: ["--session-mirror"] });
}

/** All that counts for the cache: messages, tools and settings. */
function toPrompt(probe: Probe): unknown {
  const { metadata: _metadata, ...body } = lastCall(probe).body;
  return toUnmarked(body);
}

export const REPLAY: Readonly<Record<string, Measurement>> = {
  async P50(probe) {
    const entries = [
      toUser("one"),
      toAssistant([text("A")], probe.modelId),
      toUser("two"),
      toAssistant([text("B")], ""),
    ];
    await (await probe.replay(entries)).turn("three");
    assert.deepEqual(toDialogue(lastCall(probe)), [
      "user: one",
      "assistant: A",
      "user: two",
      "assistant: B",
      "user: three",
    ]);
  },
  async P51(probe) {
    const contents = [[], [text("")], [{ type: "image", source: { type: "url", url: "https://example.com/a.png" } }]];
    const long = [text("x".repeat(100_000))];
    const ids = [...contents, long].map((_, at) => `toolu_${at}`);
    const uses = ids.map((id) => ({ type: "tool_use", id, name: "mcp__client__f", input: {} }));
    const session = await probe.replay([toUser("one"), toAssistant(uses, probe.modelId)], { tools: [tool("f")] });
    const results = [...contents, long].map((content, at) => ({
      type: "tool_result",
      tool_use_id: ids[at],
      content,
      ...(at === 3 ? { is_error: true } : {}),
    }));
    await session.turn(results);
    assert.deepEqual(toPlainMessages(lastCall(probe)).at(-1)?.content, results);
  },
  async P52(probe) {
    const use = { type: "tool_use", id: "toolu_1", name: "mcp__client__f", input: {} };
    const result = { type: "tool_result", tool_use_id: "toolu_1", content: [text("r")] };
    const entries = [toUser("one"), toAssistant([use], probe.modelId), toUser([result])];
    await (await probe.replay(entries, { tools: [tool("f")] })).turn("two");
    assert.deepEqual(toDialogue(lastCall(probe)), ["user: one", "assistant: <tool_use>", "user: <tool_result>|two"]);
  },
  async P53(probe) {
    for (const model of ["sonnet", "haiku", "claude-opus-4-5-20251101"]) {
      const folder = probe.makeFolder();
      const live = await openMirrored(probe, folder, model);
      await live.turn("one");
      await live.turn("two");
      const expected = toPrompt(probe);
      const answer = toAssistant([text("Hello world")], lastCall(probe).body.model);
      const entries = [toUser("one"), ...toNotes(live), answer];
      await (await probe.replay(entries, { model, folder })).turn("two");
      assert.deepEqual(toPrompt(probe), expected, model);
    }
  },
  async P54(probe) {
    const thinking = { type: "thinking", thinking: "why", signature: "U0lH" };
    const content = [thinking, { type: "redacted_thinking", data: "UkVE" }, text("A")];
    await (await probe.replay([toUser("one"), toAssistant(content, probe.modelId)])).turn("two");
    assert.deepEqual(toPlainMessages(lastCall(probe))[1]?.content, content);
    await (await probe.replay([toUser("one"), toAssistant(content, "sonnet")])).turn("two");
    assert.deepEqual(toPlainMessages(lastCall(probe))[1]?.content, [text("A")]);
  },
  async P55(probe) {
    const entries = [
      ...[toUser("one"), toAssistant([text("A")], probe.modelId, { effort: "high" })],
      ...[toUser("two"), toAssistant([text("B")], probe.modelId, { effort: "low" })],
    ];
    const session = await probe.replay(entries);
    await session.ask({ subtype: "apply_flag_settings", settings: { effortLevel: "low" } });
    await session.turn("three");
    const told = lastCall(probe).body.messages.filter(({ role }) => role === "system") as readonly JsonObject[];
    assert.ok(JSON.stringify(told).includes('"effort":"low"'), "the change of effort is not told");
  },
  async P56(probe) {
    const session = await openMirrored(probe, probe.makeFolder());
    await session.turn("one");
    const types = toNotes(session).map(({ attachment }) => isObject(attachment) && attachment["type"]);
    assert.deepEqual(types, NOTES);
  },
  async P57(probe) {
    await (await openMirrored(probe, probe.makeFolder())).turn([image, text("what")]);
    assert.match(toDialogue(lastCall(probe))[0] ?? "", /\[Image: source: /);
    await (await probe.open()).turn([image, text("what")]);
    assert.deepEqual(toPlainMessages(lastCall(probe))[0]?.content, [image, text("what")]);
  },
};
