/** The question before a file is written, and what is typed at a terminal then. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { askAt } from "../../../src/commands/connect/confirm.ts";

test("yes and nothing are a yes; all else, the end of the input and Ctrl-C are a no", async () => {
  for (const [typed, isYes] of [
    ["y\r", true],
    ["YES\r", true],
    ["\r", true],
    ["n\r", false],
    ["what\r", false],
    ["\u0004", false],
    ["\u0003", false],
  ] as const) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const answer = askAt({ input, output }, "Write this?");
    input.write(typed);
    assert.equal(await answer, isYes, JSON.stringify(typed));
    output.end();
    assert.match(await text(output), /Write this\? \[Y\/n\] /);
  }
});
