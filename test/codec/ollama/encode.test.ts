/** Ollama's lines on the wire: exact JSON of streams, whole answers and errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ollamaChat, ollamaGenerate } from "../../../src/codec/ollama/ollama.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { AnswerEvent } from "../../../src/core/event.ts";
import { createFold } from "../../../src/core/reply.ts";
import { START, text } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { ANSWERS } from "../sample.ts";
import { META, readFrames } from "../wire.ts";

const CODECS = [
  ["chat", ollamaChat],
  ["generate", ollamaGenerate],
] as const;

function toText(codec: typeof ollamaChat, kind: "chat" | "generate", events: readonly AnswerEvent[]): string {
  const { encode } = codec.createEncoder({ kind, model: "asked" }, META);
  return events.map((event) => encode(event)).join("");
}

for (const [kind, codec] of CODECS) {
  for (const name of ["text", "thinking", "tools", "length"] as const) {
    if (kind === "generate" && name === "tools") continue;
    test(`${kind}: a stream with ${name} matches its golden`, () =>
      checkGoldenFrames(`ollama-${kind}-${name}-stream`, readFrames(codec, toText(codec, kind, ANSWERS[name]))));
    test(`${kind}: a whole answer with ${name} matches its golden`, () => {
      const fold = createFold();
      fold.add(ANSWERS[name]);
      checkGolden(`ollama-${kind}-${name}`, codec.encodeReply(fold.reply, { kind, model: "asked" }, META));
    });
  }

  test(`${kind}: a stream that fails ends in a line with the sentence`, () => {
    const { encode, fail } = codec.createEncoder({ kind, model: "asked" }, META);
    const lines = readFrames(codec, encode(START) + encode(text("Hel")) + fail(new ProxyError("overloaded", "Words")));
    assert.deepEqual(JSON.parse(lines.at(-1)?.data ?? ""), { error: "Words" });
  });

  test(`${kind}: silence is filled with lines that clients can parse, and that say nothing`, () => {
    const { encode, keepAlive } = codec.createEncoder({ kind, model: "asked" }, META);
    encode(START);
    const [line] = readFrames(codec, keepAlive());
    assert.match(line?.data ?? "", /"(content|response)":"".*"done":false/);
  });
}
