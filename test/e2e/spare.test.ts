/** Processes prepared before they are asked for: as many as were needed of late, of the kinds that were needed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, readText, user } from "../helpers/answer.ts";
import { readStarts, untilSessions, readTurnStarts } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startEcho } from "../helpers/session.ts";
import { toDialogue } from "../helpers/upstream.ts";

const PINNED = "claude-opus-4-5-20251101";

/** Brings a history that no process knows. */
async function askUnknown(proxy: Proxy, words: string): Promise<string> {
  const messages = [user(`${words} 1`), assistant("a"), user(`${words} 2`)];
  return readText(await proxy.chat({ model: "sonnet", messages }));
}

test("spares follow what is needed: unknown histories and a pinned model from their third turn on", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: ["--max-spares", "3"] });
  const untilSpares = (count: number): Promise<void> =>
    untilSessions(proxy, `${count} spares are there`, ({ spare }) => spare === count);
  await untilSpares(1);
  for (const words of ["v", "w"]) await askUnknown(proxy, words);
  await untilSpares(2);
  assert.equal(await askUnknown(proxy, "x"), "re x 2");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: x 1", "assistant: a", "user: x 2"]);

  // A history reaches the model exactly, too, when the process that waits for one was killed.
  await untilSpares(2);
  const waiting = readStarts(proxy).findLast(({ as }) => as === "await");
  assert.ok(waiting && proxy.children().includes(waiting.pid));
  process.kill(waiting.pid, "SIGKILL");
  assert.equal(await askUnknown(proxy, "y"), "re y 2");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: y 1", "assistant: a", "user: y 2"]);

  for (const model of [PINNED, "sonnet", PINNED]) await readText(await proxy.chat({ model, messages: [user("hi")] }));
  await untilSpares(3);
  await readText(await proxy.chat({ model: PINNED, messages: [user("hi")] }));
  assert.deepEqual(await readTurnStarts(proxy, 8), [
    "cold",
    "cold",
    "waiting",
    "cold",
    "cold",
    "spare",
    "cold",
    "spare",
  ]);
});
