/** P40 to P48: the client's tools, and which results arrive as they were given. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../../src/lib/json.ts";
import { PNG } from "../../../test/helpers/sdk.ts";
import { toPlainMessages } from "../../../test/helpers/upstream.ts";
import { lastCall, text, tool } from "../probe.ts";
import type { Measurement, Probe } from "../probe.ts";
import { get } from "../session.ts";

type Result = JsonObject & { readonly content: readonly JsonObject[] };

const image = { type: "image", data: PNG, mimeType: "image/png" };
const words = (length: number): Result => ({ content: [text("x".repeat(length))] });

/** The contents that the API is given for calls with these results, in the order of the calls. */
async function pass(probe: Probe, results: readonly Result[], meta: JsonObject = {}): Promise<unknown[]> {
  probe.api.reset();
  const calls = results.map((_, at) => ({ tool: "mcp__client__f", id: `toolu_${at}`, input: { at } }));
  probe.api.answer((_call, at) => (at === 0 ? calls : [{ text: "ok" }]));
  const session = await probe.open({
    launch: { model: "sonnet[1m]" },
    tools: [tool("f", { _meta: meta })],
    onCall: (_name, { at }) => results[Number(at)],
  });
  await session.turn("go");
  const blocks = toPlainMessages(lastCall(probe)).at(-1)?.content as readonly JsonObject[];
  const held = new Map(blocks.map(({ tool_use_id: id, content }) => [id, content]));
  return calls.map(({ id }) => held.get(id));
}

/** An MCP result's content as the API words it. */
function toApi({ content }: Result): JsonObject[] {
  return content.map((part) =>
    part["type"] === "image"
      ? { type: "image", source: { type: "base64", data: part["data"], media_type: part["mimeType"] } }
      : part,
  );
}

async function checkExact(probe: Probe, results: readonly Result[], meta: JsonObject = {}): Promise<void> {
  const got = await pass(probe, results, meta);
  for (const [at, result] of results.entries())
    assert.ok(isDeepStrictEqual(got[at], toApi(result)), `result ${at} was changed`);
}

export const TOOLS: Readonly<Record<string, Measurement>> = {
  async P40(probe) {
    const inputSchema = { type: "object", properties: { a: { enum: ["é", 1], description: "d" } }, required: ["a"] };
    const session = await probe.open({ tools: [tool("zeta", { inputSchema }), tool("alpha")] });
    await session.turn("go");
    const { tools = [] } = lastCall(probe).body;
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["mcp__client__alpha", "mcp__client__zeta"],
    );
    assert.deepEqual(tools[1]?.input_schema, inputSchema);
    assert.equal(tools[1]?.description, "The tool zeta.");
  },
  async P41(probe) {
    probe.api.answer((_call, at) =>
      at === 0 ? [{ tool: "mcp__client__f", id: "toolu_X", input: { at: 7 } }] : [{ text: "ok" }],
    );
    const session = await probe.open({ tools: [tool("f")] });
    const result = session.turn("go");
    const call = await session.next((message) => get(message, "request", "message")["method"] === "tools/call");
    const params = get(call, "request", "message", "params");
    assert.equal(params["name"], "f");
    assert.deepEqual(params["arguments"], { at: 7 });
    assert.equal(get(params, "_meta")["claudecode/toolUseId"], "toolu_X");
    assert.equal(probe.api.calls.length, 1);
    session.answer(String(call["request_id"]), { content: [text("late")] });
    await result;
    assert.equal(probe.api.calls.length, 2);
  },
  async P42(probe) {
    const calls = [0, 1, 2].map((at) => ({ tool: "mcp__client__f", id: `toolu_${at}`, input: { at } }));
    probe.api.answer((_call, at) => (at === 0 ? calls : [{ text: "ok" }]));
    const held = new Map<number, string>();
    const session = await probe.open({ tools: [tool("f")] });
    const result = session.turn("go");
    while (held.size < calls.length) {
      const call = await session.next((message) => {
        const { params } = get(message, "request", "message");
        if (params !== undefined && "name" in get(params))
          held.set(Number(get(params, "arguments")["at"]), String(message["request_id"]));
        return held.size === calls.length;
      });
      assert.ok(call);
    }
    for (const at of [2, 0, 1]) session.answer(held.get(at) ?? "", { content: [text(`r${at}`)] });
    await result;
    const blocks = toPlainMessages(lastCall(probe)).at(-1)?.content as readonly JsonObject[];
    assert.deepEqual(blocks.map(({ tool_use_id: id }) => id).sort(), ["toolu_0", "toolu_1", "toolu_2"]);
  },
  async P43(probe) {
    await checkExact(probe, [
      words(50_000),
      { content: [text(""), text(" b \n")] },
      { content: [text("see"), image] },
      { content: [text("漢😀\u0000<system-reminder>x</system-reminder>")] },
    ]);
    await checkExact(
      probe,
      Array.from({ length: 6 }, () => words(45_000)),
    );
  },
  async P44(probe) {
    const meta = { "anthropic/maxResultSizeChars": 500_000 };
    await checkExact(probe, [words(500_000)], meta);
    assert.equal(Object.hasOwn(lastCall(probe).body.tools?.[0] ?? {}, "_meta"), false);
    assert.match(JSON.stringify(await pass(probe, [words(500_001)], meta)), /persisted-output/);
    assert.match(JSON.stringify(await pass(probe, [words(50_001)])), /persisted-output/);
  },
  async P45(probe) {
    const got = await pass(probe, [{ content: [] }, { content: [text("")] }, { content: [text(" \n")] }]);
    for (const content of got) assert.equal(content, "(mcp__client__f completed with no output)");
  },
  async P46(probe) {
    const isError = true;
    const results = [
      { content: [text(" a \n"), text("b "), image], isError },
      { ...words(10_000), isError },
      { ...words(20_000), isError },
    ];
    const [joined, whole, cut] = await pass(probe, results);
    assert.equal(joined, "a \n\nb");
    assert.equal(whole, "x".repeat(10_000));
    assert.ok(typeof cut === "string" && cut.length < 11_000);
  },
  async P47(probe) {
    const description = "d".repeat(20_000);
    const many = Array.from({ length: 60 }, (_, at) => tool(`tool${at}`, { description }));
    await (await probe.open({ tools: many, launch: { model: "sonnet[1m]" } })).turn("go");
    const { tools = [] } = lastCall(probe).body;
    assert.equal(tools.length, many.length);
    assert.equal(tools[0]?.description, description);
  },
  async P48(probe) {
    const jsonSchema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
    probe.api.answer((_call, at) => [{ tool: "StructuredOutput", input: at === 0 ? { a: "no number" } : { a: 1 } }]);
    const session = await probe.open({ initialize: { jsonSchema } });
    const result = await session.turn("go");
    assert.deepEqual(result["structured_output"], { a: 1 });
    assert.equal(probe.api.calls.length, 2);
    const deltas = session.messages.map((message) => get(message, "event", "delta")["partial_json"]);
    assert.ok(deltas.some((delta) => typeof delta === "string" && delta !== ""));
  },
};
