/** P20 to P26: the settings of one turn. */
import assert from "node:assert/strict";
import { isObject } from "../../../src/lib/json.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import { lastCall, tool } from "../probe.ts";
import type { Measurement, Probe } from "../probe.ts";
import type { Session } from "../session.ts";

/** The body of the turn that follows these settings, less what every call has anew. */
async function bodyWith(probe: Probe, session: Session, settings: JsonObject): Promise<JsonObject> {
  await session.ask({ subtype: "apply_flag_settings", settings });
  await session.turn("go");
  return lastCall(probe).body;
}

const EXTRA: readonly JsonObject[] = [
  { stop_sequences: ["END"] },
  { tool_choice: { type: "none" } },
  { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
  { temperature: 0.3, top_p: 0.9, top_k: 5 },
  { service_tier: "standard_only" },
];

export const SETTINGS: Readonly<Record<string, Measurement>> = {
  async P20(probe) {
    const session = await probe.open();
    const before = await bodyWith(probe, session, {});
    const env = { CLAUDE_CODE_MAX_OUTPUT_TOKENS: "77" };
    const set = await bodyWith(probe, session, { effortLevel: "low", env });
    assert.equal(set["max_tokens"], 77);
    assert.deepEqual(set["output_config"], { effort: "low" });
    const reset = { effortLevel: null, env: { CLAUDE_CODE_MAX_OUTPUT_TOKENS: "" } };
    const after = await bodyWith(probe, session, reset);
    assert.equal(after["max_tokens"], before["max_tokens"]);
    assert.deepEqual(after["output_config"], before["output_config"]);
  },
  async P21(probe) {
    const session = await probe.open({ launch: { model: "sonnet" } });
    await bodyWith(probe, session, { effortLevel: "high" });
    const { messages } = (await bodyWith(probe, session, { effortLevel: "low" })) as {
      messages: readonly JsonObject[];
    };
    const told = messages.filter(({ role }) => role === "system").map(({ output_config }) => output_config);
    assert.deepEqual(told, [{ effort: "high" }, { effort: "low" }]);
  },
  async P22(probe) {
    const session = await probe.open({ launch: { model: "sonnet" } });
    const off = await bodyWith(probe, session, { env: { CLAUDE_CODE_DISABLE_THINKING: "1" } });
    assert.deepEqual([off["thinking"], off["context_management"]], [undefined, undefined]);
    const on = await bodyWith(probe, session, { env: { CLAUDE_CODE_DISABLE_THINKING: "" } });
    assert.ok(on["thinking"]);
  },
  async P23(probe) {
    const session = await probe.open({ tools: [tool("f")] });
    const before = await bodyWith(probe, session, {});
    const extra = (body: JsonObject): JsonObject => ({ env: { CLAUDE_CODE_EXTRA_BODY: JSON.stringify(body) } });
    for (const fields of EXTRA) {
      const body = await bodyWith(probe, session, extra(fields));
      for (const [key, value] of Object.entries(fields)) assert.deepEqual(body[key], value, key);
      assert.deepEqual(body["tools"], before["tools"]);
    }
    const format = { type: "json_schema", schema: { type: "object" } };
    const formatted = await bodyWith(probe, session, extra({ output_config: { format } }));
    assert.deepEqual(formatted["output_config"], { ...(before["output_config"] as JsonObject), format });
    for (const none of ["not json", ""]) {
      const after = await bodyWith(probe, session, { env: { CLAUDE_CODE_EXTRA_BODY: none } });
      assert.deepEqual(Object.keys(after).sort(), Object.keys(before).sort());
    }
  },
  async P24(probe) {
    const session = await probe.open({ launch: { model: "sonnet" } });
    const before = await bodyWith(probe, session, {});
    await session.ask({ subtype: "set_max_thinking_tokens", thinking_display: "summarized" });
    const shown = await bodyWith(probe, session, {});
    assert.deepEqual(shown["thinking"], { type: "adaptive", display: "summarized" });
    await session.ask({ subtype: "set_max_thinking_tokens", max_thinking_tokens: null, thinking_display: null });
    assert.deepEqual((await bodyWith(probe, session, {}))["thinking"], before["thinking"]);
  },
  async P25(probe) {
    const name = "CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING";
    const isEager = (): unknown =>
      (lastCall(probe).body.tools?.[0] as JsonObject | undefined)?.["eager_input_streaming"];
    const late = await probe.open({ tools: [tool("f")] });
    await late.turn("one");
    await bodyWith(probe, late, { env: { [name]: "1" } });
    assert.equal(isEager(), undefined);
    const early = await probe.open({ tools: [tool("f")] });
    await bodyWith(probe, early, { env: { [name]: "1" } });
    assert.equal(isEager(), true);
    await bodyWith(probe, early, { env: { [name]: "" } });
    assert.equal(isEager(), true);
  },
  async P26(probe) {
    const lister = await probe.open();
    const { models } = await lister.ask({ subtype: "list_models" });
    const listed = (Array.isArray(models) ? models : []).filter(isObject);
    for (const family of ["opus", "sonnet"]) {
      // With its long context window alone, in some releases.
      const entry = listed.find(({ value }) => value === family || value === `${family}[1m]`);
      const session = await probe.open({ launch: { model: family } });
      const fast = await bodyWith(probe, session, { fastMode: true });
      assert.equal(fast["speed"], entry?.["supportsFastMode"] === true ? "fast" : undefined, family);
      assert.equal((await bodyWith(probe, session, { fastMode: null }))["speed"], undefined, family);
    }
  },
};
