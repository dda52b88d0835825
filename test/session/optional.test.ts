/** The settings that a model does not take: known of it, or learned from what the API has refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Turn } from "../../src/core/turn.ts";
import type { Job } from "../../src/session/lease.ts";
import { createOptionalSettings } from "../../src/session/optional.ts";
import { PLAIN_TURN } from "../core/sample.ts";

const IDS: Readonly<Record<string, string>> = { opus: "claude-opus-5-5", sonnet: "claude-sonnet-5-5" };
const sampling = { temperature: 0.5, topP: undefined, topK: undefined };
const OFF = { mode: "off" } as const;

function create(): ReturnType<typeof createOptionalSettings> {
  return createOptionalSettings({
    toModelId: (model) => IDS[model] ?? model,
    hasFastMode: (model) => model === "opus",
  });
}

function toJob(model: string, rest: Partial<Turn>): Job {
  const turn = { ...PLAIN_TURN, ...rest };
  return { turn, model, isPinned: false, tools: "none", servers: [], name: undefined, client: "" };
}

const CASES: readonly (readonly [what: string, model: string, rest: Partial<Turn>, omitted: readonly string[]])[] = [
  ["nothing is asked for", "sonnet", {}, []],
  ["a model that thinks takes no sampling", "sonnet", { sampling }, ["sampling"]],
  ["nor does one whose thinking is shown", "sonnet", { sampling, thinking: { mode: "shown" } }, ["sampling"]],
  ["without thinking it does", "sonnet", { sampling, thinking: OFF }, []],
  ["so does a model that cannot think", "claude-3-5-haiku-20241022", { sampling }, []],
  ["the first that can is another", "claude-3-7-sonnet-20250219", { sampling }, ["sampling"]],
  ["a model with a fast mode", "opus", { speed: "fast" }, []],
  ["a model without one", "sonnet", { speed: "fast", sampling, thinking: OFF }, ["speed"]],
  ["neither is had", "sonnet", { speed: "fast", sampling }, ["sampling", "speed"]],
];
for (const [what, model, rest, omitted] of CASES) {
  test(what, () => {
    const job = toJob(model, rest);
    const fitted = create().fit(job);
    assert.deepEqual(fitted.omitted, omitted);
    const left = Object.entries(job.turn).filter(([name]) => !omitted.includes(name));
    assert.deepEqual(fitted.job, { ...job, turn: Object.fromEntries(left) });
  });
}

test("a refusal of sampling holds for its model, by whatever name", () => {
  const settings = create();
  settings.refuseSampling("opus");
  const asked = { sampling, thinking: OFF };
  const omitted = (model: string): readonly string[] => settings.fit(toJob(model, asked)).omitted;
  assert.deepEqual([omitted("opus"), omitted("claude-opus-5-5"), omitted("sonnet")], [["sampling"], ["sampling"], []]);
});
