/** The real CLI as a client of Messages: it asks the proxy, which asks the same CLI, which asks a scripted API. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runClaude } from "../helpers/claude.ts";
import { readStarts } from "../helpers/client.ts";
import { makeFolder } from "../helpers/folder.ts";
import { startPair } from "../helpers/pair.ts";

test("claude -p with the proxy as its API runs its own tool on the model's call, and has its answer from one process", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const file = join(makeFolder(t), "note.txt");
  writeFileSync(file, "the code is 4711\n");
  upstream.answer(({ body }) =>
    JSON.stringify(body.messages).includes("4711")
      ? [{ text: "It is 4711." }]
      : [{ tool: "mcp__client__Read", input: { file_path: file } }],
  );
  const { code, result } = await runClaude(t, proxy.url, "What is the code?", ["--allowedTools", "Read"]);
  assert.equal(code, 0);
  assert.equal(result.result, "It is 4711.");
  assert.equal(result.num_turns, 2);
  // Of both of its requests.
  assert.deepEqual([result.usage["input_tokens"], result.usage["output_tokens"]], [2 * 7, 2 * 42]);
  assert.equal(upstream.calls.length, 2);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh"],
  );
  for (const { body } of upstream.calls) {
    const marks = body.system?.filter(({ text }) => text.includes("x-anthropic-billing-header")) ?? [];
    assert.equal(marks.length, 1, "the CLI that answers states its own version, and no other");
    assert.doesNotMatch(marks[0]?.text ?? "", /\n/);
  }
});
