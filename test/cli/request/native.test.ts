/** Fields of the API's own request: which turn asks for which, and what is left to this program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toExtraBody, toStops } from "../../../src/cli/request/native.ts";
import type { Turn } from "../../../src/core/turn.ts";
import { PLAIN_TURN } from "../../core/sample.ts";

const TOOL = { name: "look", description: "", schema: { type: "object" } };
const JSON_FORMAT = { type: "json", schema: { type: "object" } } as const;
const tools = [TOOL];
const SAMPLING = { temperature: undefined, topP: undefined, topK: undefined };
const ONE_CALL = { tool_choice: { type: "auto", disable_parallel_tool_use: true } };

const CASES: readonly (readonly [what: string, rest: Partial<Turn>, fields: object])[] = [
  ["a plain turn asks for nothing", { tools }, {}],
  ["stop sequences", { stop: ["a", " b"] }, { stop_sequences: ["a", " b"] }],
  ["a blank stop sequence is not the API's", { stop: ["\n"] }, {}],
  ["no call", { tools, toolChoice: "none", parallelCalls: false }, { tool_choice: { type: "none" } }],
  ["one call at a time", { tools, parallelCalls: false }, ONE_CALL],
  ["one call at a time, beside JSON", { tools, parallelCalls: false, format: JSON_FORMAT }, ONE_CALL],
  ["a choice without tools would be refused", { parallelCalls: false }, {}],
  ["a forced call has a form of its own", { tools, toolChoice: "required", parallelCalls: false, stop: ["a"] }, {}],
  ["sampling, as far as it is asked for", { sampling: { ...SAMPLING, temperature: 0 } }, { temperature: 0 }],
  ["all of it", { sampling: { temperature: 1, topP: 0.5, topK: 3 } }, { temperature: 1, top_p: 0.5, top_k: 3 }],
  ["the standard tier", { serviceTier: "standard_only" }, { service_tier: "standard_only" }],
  ["JSON without calls has no tools", { tools, toolChoice: "none", format: JSON_FORMAT, stop: ["a"] }, {}],
];

for (const [what, rest, fields] of CASES)
  test(what, () => assert.deepEqual(toExtraBody({ ...PLAIN_TURN, ...rest }), fields));

test("each stop sequence is kept to by the API or by this program", () => {
  const stop = ["END", "\n\n", " x", "\t"];
  assert.deepEqual(toStops({ ...PLAIN_TURN, stop }), { native: ["END", " x"], own: ["\n\n", "\t"] });
  assert.deepEqual(toStops({ ...PLAIN_TURN, stop, format: JSON_FORMAT }), { native: [], own: stop });
});
