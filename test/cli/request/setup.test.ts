/** The requests that open a process: its system prompt, its tools, its schema, its model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_SETTINGS } from "../../../src/cli/request/setting.ts";
import { toSetUp } from "../../../src/cli/request/setup.ts";
import type { Turn } from "../../../src/core/turn.ts";
import { PLAIN_TURN } from "../../core/sample.ts";

const TOOL = { name: "weather", description: "Tells it", schema: { type: "object" } };
const OTHER = { ...TOOL, name: "time" };

/** The request that sets up a process for such a turn. */
function toInitialize(rest: Partial<Turn>) {
  const [opening, ...others] = toSetUp({ ...PLAIN_TURN, ...rest }, undefined, undefined);
  assert.deepEqual(others, []);
  return opening ?? {};
}

const openingOf = (rest: Partial<Turn>): unknown => toSetUp({ ...PLAIN_TURN, ...rest }, undefined, undefined)[0];

test("the model is told to a process that was started without one, after its set-up", () => {
  const [opening, ...others] = toSetUp(PLAIN_TURN, "opus", undefined);
  assert.equal(opening?.["subtype"], "initialize");
  assert.deepEqual(others, [{ subtype: "set_model", model: "opus" }]);
});

test("the set-up always has a system prompt, also where it is empty", () => {
  assert.deepEqual(toInitialize({}), { subtype: "initialize", systemPrompt: [""] });
  assert.deepEqual(toInitialize({ system: "be kind" })["systemPrompt"], ["be kind"]);
});

test("tools are registered, beside a JSON format too, but not where one of them is forced", () => {
  const schema = { type: "object" };
  assert.deepEqual(toInitialize({ tools: [TOOL] })["sdkMcpServers"], ["client"]);
  const formatted = toInitialize({ tools: [TOOL], format: { type: "json", schema } });
  assert.deepEqual([formatted["sdkMcpServers"], formatted["jsonSchema"]], [["client"], schema]);
  for (const rest of [
    { tools: [TOOL], toolChoice: { name: "weather" } },
    { tools: [TOOL, OTHER], toolChoice: "required" },
    // The API's own `none` would forbid the structured output too.
    { tools: [TOOL], toolChoice: "none", format: { type: "json", schema } },
  ] as const) {
    const forced = toInitialize(rest);
    assert.equal(forced["sdkMcpServers"], undefined);
    assert.ok(forced["jsonSchema"]);
  }
  assert.deepEqual(toInitialize({ tools: [TOOL] }), openingOf({ tools: [TOOL], toolChoice: "none" }));
});

test("a process that is set up is told the settings that change, and nothing else", () => {
  const turn = { ...PLAIN_TURN, tools: [TOOL], effort: "high" } as const;
  assert.deepEqual(toSetUp(PLAIN_TURN, "opus", DEFAULT_SETTINGS), []);
  assert.deepEqual(
    toSetUp(turn, "opus", DEFAULT_SETTINGS).map(({ subtype }) => subtype),
    ["apply_flag_settings"],
  );
  assert.deepEqual(
    toSetUp(turn, "opus", undefined).map(({ subtype }) => subtype),
    ["initialize", "set_model", "apply_flag_settings"],
  );
});
