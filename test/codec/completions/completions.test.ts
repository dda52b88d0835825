/** Legacy completions: the request field by field, and exact JSON of its answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { completions } from "../../../src/codec/completions/completions.ts";
import type { CompletionsForm } from "../../../src/codec/completions/form.ts";
import type { Decoded } from "../../../src/codec/codec.ts";
import { ProxyError } from "../../../src/core/error.ts";
import { createFold } from "../../../src/core/reply.ts";
import { finish } from "../../../src/lib/work.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { ANSWERS } from "../sample.ts";
import { EMPTY_STORE, META, readFrames } from "../wire.ts";

const read = (fields: object = {}): Decoded<CompletionsForm> =>
  finish(completions.decode({ model: "opus", prompt: "Once", ...fields }, EMPTY_STORE));

test("the prompt, a text or a list of one, is a user's message", () => {
  for (const prompt of ["Once", ["Once"]]) {
    const { turn, delivery, form } = read({ prompt });
    assert.deepEqual(turn.messages, [{ role: "user", content: [{ type: "text", text: "Once" }] }]);
    assert.deepEqual([turn.system, turn.tools, turn.maxTokens, turn.stop], ["", [], undefined, []]);
    assert.deepEqual(delivery, { stream: false, store: false, ignored: [], asked: {} });
    assert.deepEqual(form, { model: "opus", echo: "", includeUsage: false });
  }
});

test("every setting is read, and what cannot be honoured is named", () => {
  const { turn, delivery, form } = read({
    max_tokens: 7,
    stop: ["x", "y"],
    stream: true,
    stream_options: { include_usage: true },
    echo: true,
    temperature: 0,
    logit_bias: {},
    n: 1,
    best_of: 1,
    suffix: null,
    user: "me",
  });
  assert.deepEqual([turn.maxTokens, turn.stop, delivery.stream], [7, ["x", "y"], true]);
  assert.deepEqual(form, { model: "opus", echo: "Once", includeUsage: true });
  assert.deepEqual(turn.sampling, { temperature: 0, topP: undefined, topK: undefined });
  assert.deepEqual([delivery.ignored, delivery.asked], [["logit_bias"], { sampling: ["temperature"] }]);
});

/** [the field at fault, the fields sent]. */
const REFUSED: readonly (readonly [string, object])[] = [
  ["prompt", { prompt: 1 }],
  ["prompt", { prompt: "  " }],
  ["prompt", { prompt: [] }],
  ["prompt", { prompt: ["a", "b"] }],
  ["prompt[0]", { prompt: [1] }],
  ["suffix", { suffix: "end" }],
  ["n", { n: 2 }],
  ["best_of", { best_of: 2 }],
  ["logprobs", { logprobs: 5 }],
  ["max_tokens", { max_tokens: 0 }],
  ["temperature", { temperature: 2.1 }],
  ["stop", { stop: ["1", "2", "3", "4", "5"] }],
  ["echo", { echo: "yes" }],
];

for (const [param, fields] of REFUSED) {
  test(`${param} is refused by name in ${JSON.stringify(fields)}`, () => {
    assert.throws(
      () => read(fields),
      (error) => error instanceof ProxyError && error.kind === "invalid_request" && error.param === param,
    );
  });
}

for (const [name, fields] of [
  ["text", {}],
  ["length", {}],
  ["thinking", {}],
  ["echo", { echo: true, stream_options: { include_usage: true } }],
] as const) {
  const { form } = read(fields);
  const events = name === "echo" ? ANSWERS.text : ANSWERS[name];
  test(`a stream with ${name} matches its golden`, () => {
    const { encode } = completions.createEncoder(form, META);
    checkGoldenFrames(
      `completions-${name}-stream`,
      readFrames(completions, events.map((event) => encode(event)).join("")),
    );
  });
  test(`a whole answer with ${name} matches its golden`, () => {
    const fold = createFold();
    fold.add(events);
    checkGolden(`completions-${name}`, completions.encodeReply(fold.reply, form, META));
  });
}
