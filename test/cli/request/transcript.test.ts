/** Histories as the CLI's own transcripts: the chain of entries, and what each holds. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import {
  choosePlace,
  createTranscripts,
  toExactMessages,
  writeTranscript,
} from "../../../src/cli/request/transcript.ts";
import type { AnswerRecord } from "../../../src/cli/answer/record.ts";
import type { Scratch } from "../../../src/lib/scratch.ts";
import type { Message } from "../../../src/core/turn.ts";

const HISTORY: readonly Message[] = [
  { role: "user", content: [{ type: "text", text: "hi\n\u2028👩‍👩‍👧" }] },
  {
    role: "assistant",
    content: [
      { type: "text", text: "a" },
      { type: "call", id: "c1", name: "f", input: { x: 1 } },
    ],
  },
  { role: "user", content: [{ type: "result", id: "c1", content: [{ type: "text", text: "r" }], isError: false }] },
  { role: "assistant", content: [{ type: "text", text: "b" }] },
];

interface Entry {
  readonly parentUuid: string | null;
  readonly uuid: string;
  readonly type: string;
  readonly sessionId: string;
  readonly timestamp: string;
  readonly isSidechain: boolean;
  readonly message: Readonly<Record<string, unknown>>;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "transcript-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a transcript, and tells where it is. */
async function write(
  transcripts: Scratch,
  history: Parameters<typeof writeTranscript>[1],
): Promise<{ file: string; lastUuid: string }> {
  const place = choosePlace(transcripts);
  await writeTranscript(place, history);
  return { file: place.file.path, lastUuid: place.lastUuid };
}

async function readEntries(file: string): Promise<Entry[]> {
  const text = await readFile(file, "utf8");
  assert.ok(text.endsWith("\n"));
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Entry);
}

test("the CLI's notes follow the first user message, in their order, as links of the chain", async (t) => {
  const notes = [{ type: "environment" }, { type: "date", date: "2026-11-24" }];
  const transcripts = createTranscripts(await makeFolder(t));
  const messages: readonly Message[] = [{ role: "assistant", content: [{ type: "text", text: "first" }] }, ...HISTORY];
  const { file, lastUuid } = await write(transcripts, { messages, records: [], modelId: "opus", notes });
  const entries = (await readEntries(file)) as (Entry & { attachment?: object })[];
  assert.deepEqual(
    entries.map(({ type, attachment }) => attachment ?? type),
    ["assistant", "user", ...notes, "assistant", "user", "assistant"],
  );
  assert.deepEqual(
    entries.map(({ parentUuid }) => parentUuid),
    [null, ...entries.slice(0, -1).map(({ uuid }) => uuid)],
  );
  assert.equal(lastUuid, entries.at(-1)?.uuid);
});

test("each entry points to the one before, and the last is named", async (t) => {
  const { file, lastUuid } = await write(createTranscripts(await makeFolder(t)), {
    messages: HISTORY,
    records: [],
    modelId: "claude-opus-5-5[1m]",
    notes: [],
  });
  const entries = await readEntries(file);
  assert.deepEqual(
    entries.map(({ parentUuid }) => parentUuid),
    [null, ...entries.slice(0, -1).map(({ uuid }) => uuid)],
  );
  assert.equal(lastUuid, entries.at(-1)?.uuid);
  assert.equal(new Set(entries.map(({ uuid }) => uuid)).size, 4);
  assert.equal(new Set(entries.map(({ sessionId }) => sessionId)).size, 1);
  assert.ok(entries.every(({ isSidechain, timestamp }) => !isSidechain && !Number.isNaN(Date.parse(timestamp))));
});

test("entries hold the messages as the API takes them", async (t) => {
  const { file } = await write(createTranscripts(await makeFolder(t)), {
    messages: HISTORY,
    records: [],
    modelId: "claude-opus-5-5[1m]",
    notes: [],
  });
  const [asked, called, given, said] = (await readEntries(file)).map(({ message }) => message);
  assert.deepEqual(asked, { role: "user", content: "hi\n\u2028👩‍👩‍👧" });
  assert.deepEqual(given?.["content"], [
    { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "r" }] },
  ]);
  assert.deepEqual(
    [called?.["type"], called?.["model"], called?.["stop_reason"], called?.["stop_sequence"]],
    ["message", "claude-opus-5-5", "tool_use", null],
  );
  assert.equal(said?.["stop_reason"], "end_turn");
  assert.notEqual(called?.["id"], said?.["id"]);
  assert.ok(called?.["usage"] && said?.["usage"]);
});

/** The API's own form of the first answer of `HISTORY`. */
const RECORD = {
  model: "claude-sonnet-5-5",
  effort: "low",
  content: [
    { type: "thinking", thinking: "t", signature: "s" },
    { type: "text", text: "a\n" },
    { type: "tool_use", id: "toolu_c1", name: "mcp__client__f", input: { x: 1 } },
    { type: "tool_use", id: "toolu_c2", name: "mcp__client__f", input: {} },
  ],
} as const;

test("an answer with a record is replayed as the API gave it, with its model and effort", async (t) => {
  const { file } = await write(createTranscripts(await makeFolder(t)), {
    messages: HISTORY,
    records: [undefined, RECORD],
    modelId: "claude-opus-5-5",
    notes: [],
  });
  const [, called, , said] = (await readEntries(file)) as (Entry & { effort?: string })[];
  assert.deepEqual(called?.message["content"], RECORD.content);
  assert.deepEqual([called?.effort, called?.message["model"]], ["low", "claude-sonnet-5-5"]);
  assert.deepEqual([said?.effort, said?.message["model"]], [undefined, "claude-opus-5-5"]);
});

test("results follow in the order of their calls, by the API's ids, and before what else was said", () => {
  const text = { type: "text", text: "and" } as const;
  const result = (id: string) => ({ type: "result", id, content: [], isError: false }) as const;
  const asked: Message = { role: "user", content: [text] };
  const called: Message = {
    role: "assistant",
    content: [
      { type: "call", id: "toolua1", name: "f", input: {} },
      { type: "call", id: "toolua2", name: "f", input: {} },
    ],
  };
  const given: Message = { role: "user", content: [result("toolua2"), text, result("toolua1")] };
  const ids = ({ content }: Message): string[] => content.map((part) => ("id" in part ? part.id : part.type));
  const toIds = (record?: AnswerRecord): string[][] =>
    toExactMessages([asked, called, given], [undefined, record]).map(ids);
  assert.deepEqual(toIds().at(-1), ["toolua1", "toolua2", "text"]);
  const record = { ...RECORD, content: ["toolu_a1", "toolu_a2"].map((id) => ({ type: "tool_use", id })) };
  assert.deepEqual(toIds(record), [["text"], ["toolua1", "toolua2"], ["toolu_a1", "toolu_a2", "text"]]);
});
