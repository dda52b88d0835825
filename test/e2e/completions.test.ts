/** Legacy completions, with the official `openai` SDK as judge. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { BadRequestError } from "openai";
import { startProxy } from "../helpers/proxy.ts";
import { createOpenAi } from "../helpers/sdk.ts";
import { NO_SPARES } from "../helpers/session.ts";
import { EXPECTED_USAGE, startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: NO_SPARES });
const { completions } = createOpenAi(proxy.url);
beforeEach(() => upstream.reset());

const asked = { model: "claude-sonnet-4", prompt: "Once upon" };

test("create gives the text, its usage and why it ended; the prompt is in front where it was asked for", async () => {
  const completion = await completions.create({ ...asked, max_tokens: 77 });
  assert.equal(completion.object, "text_completion");
  assert.match(completion.id, /^cmpl-/);
  assert.deepEqual([completion.choices[0]?.text, completion.choices[0]?.finish_reason], ["Hello world", "stop"]);
  assert.equal(completion.usage?.total_tokens, EXPECTED_USAGE.total_tokens);
  assert.equal((await upstream.called(1)).body.max_tokens, 77);
  const echoed = await completions.create({ ...asked, prompt: ["Once upon"], echo: true });
  assert.equal(echoed.choices[0]?.text, "Once uponHello world");
});

test("a stream is iterated to its end, its stop sequence and its usage", async () => {
  upstream.answer(() => [{ text: ["one ", "two STOP", " three"] }]);
  const stream = await completions.create({
    ...asked,
    stream: true,
    stop: "STOP",
    echo: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let finish: string | undefined;
  let total: number | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.text ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    total = chunk.usage?.total_tokens ?? total;
  }
  assert.deepEqual([text, finish], ["Once uponone two ", "stop"]);
  assert.ok((total ?? 0) > 0);
});

test("a suffix is a 400 that says why", async () => {
  await assert.rejects(completions.create({ ...asked, suffix: "end" }), (error) => {
    assert.ok(error instanceof BadRequestError);
    return error.param === "suffix" && /cannot fill a gap/.test(error.message);
  });
  assert.equal(upstream.calls.length, 0);
});
