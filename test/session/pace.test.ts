/** Moments at which a process may be started beside the turns that run. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { createPace } from "../../src/session/pace.ts";
import type { Pace } from "../../src/session/pace.ts";

const open = new AbortController().signal;

/** Whether a process may be started now. */
async function isQuiet(pace: Pace): Promise<boolean> {
  return Promise.race([pace.untilQuiet(open).then(() => true), setImmediate(false)]);
}

test("nothing is started before the first delta of a turn", async () => {
  const pace = createPace({ cores: 8 });
  assert.equal(await isQuiet(pace), true);
  const [one, two] = [pace.begin(), pace.begin()];
  assert.equal(await isQuiet(pace), false);
  const quiet = pace.untilQuiet(open);
  one.stream();
  assert.equal(await isQuiet(pace), false);
  two.end();
  await quiet;
  assert.equal(await isQuiet(pace), true);
});

test("nothing is started while as many turns stream as there are processors", async () => {
  const pace = createPace({ cores: 2 });
  const turns = [pace.begin(), pace.begin()];
  for (const turn of turns) turn.stream();
  assert.equal(await isQuiet(pace), false);
  turns[0]?.end();
  assert.equal(await isQuiet(pace), true);
});

for (const [what, stream] of [
  ["a turn that has waited for long waits for the API, not for a processor", false],
  ["a stream that pauses leaves its processor free", true],
] as const) {
  test(what, async () => {
    const pace = createPace({ cores: 1, patienceMs: 20, pauseMs: 20 });
    const turn = pace.begin();
    if (stream) turn.stream();
    // The timer of a pace keeps no program alive.
    const keeper = setInterval(() => undefined, 1000);
    await pace.untilQuiet(open);
    clearInterval(keeper);
  });
}

test("a wait ends with its signal", async () => {
  const pace = createPace({ cores: 1 });
  pace.begin();
  const closing = new AbortController();
  const quiet = pace.untilQuiet(closing.signal);
  closing.abort(new Error("closed"));
  await assert.rejects(quiet, /closed/);
});
