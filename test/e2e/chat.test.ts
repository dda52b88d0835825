/** The main path: the built program, the real CLI, a scripted API. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { readStream, user } from "../helpers/answer.ts";
import { startPair } from "../helpers/pair.ts";
import { EXPECTED_USAGE, toPlainMessages } from "../helpers/upstream.ts";

test("an answer comes as a whole, with the model that gave it and its usage", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const response = await proxy.chat({ model: "claude-sonnet-4", messages: [user("hi")] });
  const body = (await response.json()) as {
    model: string;
    choices: { message: object; finish_reason: string }[];
    usage: Record<string, unknown>;
  };
  assert.equal(response.status, 200);
  assert.equal(body.model, SONNET);
  assert.deepEqual(body.choices[0]?.message, { role: "assistant", content: "Hello world", refusal: null });
  assert.equal(body.choices[0]?.finish_reason, "stop");
  assert.equal(body.usage["prompt_tokens"], EXPECTED_USAGE.prompt_tokens);
  assert.deepEqual(toPlainMessages(upstream.calls[0]), [{ role: "user", content: [{ type: "text", text: "hi" }] }]);
});

test("a stream has one role delta, the text, one finish reason and one [DONE]", async (t) => {
  const { proxy } = await startPair(t);
  const { data, chunks, text } = await readStream(
    await proxy.chat({ model: "opus", stream: true, messages: [user("hi")] }),
  );
  assert.equal(text, "Hello world");
  assert.equal(data.filter((held) => held === "[DONE]").length, 1);
  assert.equal(data.at(-1), "[DONE]");
  assert.equal(chunks.filter((chunk) => chunk.choices[0]?.delta.role).length, 1);
  assert.deepEqual(
    chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? []),
    ["stop"],
  );
  assert.deepEqual([...new Set(chunks.map((chunk) => chunk.model))], ["claude-opus-5-5"]);
});
