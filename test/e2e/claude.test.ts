/** The real CLI as a client of Messages: it asks the proxy, which asks the same CLI, which asks a scripted API. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runClaude } from "../helpers/claude.ts";
import { makeFolder } from "../helpers/folder.ts";
import { shareProxy } from "../helpers/scene.ts";

const scene = shareProxy("claude -p with the proxy as its API");

scene("a prompt gets its answer through the proxy", async ({ upstream, proxy, t }) => {
  const { code, result } = await runClaude(t, proxy.url, "Say hello");
  assert.equal(code, 0);
  assert.equal(result.result, "Hello world");
  assert.equal(result.usage["input_tokens"], 7);
  assert.equal(result.usage["output_tokens"], 42);
  const marks = upstream.calls[0]?.body.system?.filter(({ text }) => text.includes("x-anthropic-billing-header")) ?? [];
  assert.equal(marks.length, 1, "the CLI that answers states its own version, and no other");
  assert.doesNotMatch(marks[0]?.text ?? "", /\n/);
});

scene(
  "the client runs its own tool on a call the model makes, and goes on with the result, in one process",
  async ({ upstream, proxy, t, countReplays }) => {
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
    assert.equal(upstream.calls.length, 2);
    assert.equal(countReplays(), 0);
  },
);
