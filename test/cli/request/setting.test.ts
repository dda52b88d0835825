/** What may change between two turns of one process: told in full when it differs, and not at all when it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_SETTINGS, toSettings, toSettingsChange } from "../../../src/cli/request/setting.ts";
import type { Turn } from "../../../src/core/turn.ts";
import { PLAIN_TURN } from "../../core/sample.ts";

const TOOL = { name: "look", description: "", schema: { type: "object" } };
const TURNS: readonly Partial<Turn>[] = [
  {},
  { effort: "high" },
  { effort: "low", maxTokens: 77 },
  { maxTokens: 77 },
  { thinking: { mode: "off" } },
  { thinking: { mode: "shown" } },
  { thinking: { mode: "shown", budgetTokens: 2000 } },
  { thinking: { mode: "default", budgetTokens: 2000 }, maxTokens: 3000 },
  { stop: ["END"] },
  { speed: "fast" },
  { sampling: { temperature: 0.5, topP: undefined, topK: 3 }, thinking: { mode: "off" } },
  { tools: [TOOL], toolChoice: "none" },
  { tools: [TOOL], parallelCalls: false, stop: ["END"], effort: "low" },
];
const SETTINGS = TURNS.map((rest) => toSettings({ ...PLAIN_TURN, ...rest }));

/** What a process has after these requests: each replaces all fields it names, an empty value is the default. */
function apply(from: typeof DEFAULT_SETTINGS, requests: ReturnType<typeof toSettingsChange>): object {
  let { flags, thinking }: Record<string, unknown> = { ...from };
  for (const { subtype, settings, ...rest } of requests)
    if (subtype === "apply_flag_settings") flags = settings;
    else thinking = rest;
  return { flags, thinking };
}

test("a plain turn in a new process needs no request", () => {
  assert.deepEqual(toSettingsChange(DEFAULT_SETTINGS, toSettings(PLAIN_TURN)), []);
});

test("from any turn to any other the process gets exactly the settings of that one", () => {
  for (const from of SETTINGS) {
    for (const to of SETTINGS) {
      const requests = toSettingsChange(from, to);
      assert.deepEqual(apply(from, requests), to);
      if (from === to) assert.deepEqual(requests, []);
    }
  }
});

test("every setting is told in the CLI's words", () => {
  const turn = { ...PLAIN_TURN, effort: "high", maxTokens: 77 } as const;
  const env = {
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: "77",
    CLAUDE_CODE_DISABLE_THINKING: "",
    CLAUDE_CODE_EXTRA_BODY: "",
  };
  assert.deepEqual(toSettingsChange(DEFAULT_SETTINGS, toSettings(turn)), [
    { subtype: "apply_flag_settings", settings: { effortLevel: "high", fastMode: null, env } },
  ]);
  assert.equal(toSettings({ ...PLAIN_TURN, speed: "fast" }).flags.fastMode, true);
  const off = toSettings({ ...PLAIN_TURN, thinking: { mode: "off" } });
  assert.deepEqual([off.flags.env.CLAUDE_CODE_DISABLE_THINKING, off.thinking.thinking_display], ["1", null]);
  const shown = toSettings({ ...PLAIN_TURN, thinking: { mode: "shown", budgetTokens: 2000 } });
  assert.deepEqual(toSettingsChange(DEFAULT_SETTINGS, shown), [
    { subtype: "set_max_thinking_tokens", max_thinking_tokens: 2000, thinking_display: "summarized" },
  ]);
});
