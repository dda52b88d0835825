/** P1 to P7: the process, and how it ends. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { toLastWords } from "../../../test/helpers/upstream.ts";
import { lastCall } from "../probe.ts";
import type { Measurement } from "../probe.ts";

export const PROCESS: Readonly<Record<string, Measurement>> = {
  async P1(probe) {
    const session = await probe.open();
    await session.turn("one");
    await session.turn("two");
    assert.equal(session.messages.filter(({ type }) => type === "result").length, 2);
    assert.equal(toLastWords(lastCall(probe)), "two");
  },
  async P2(probe) {
    const session = await probe.open();
    await session.turn("one");
    session.endInput();
    assert.deepEqual(await session.ended, { code: 0, signal: null });
  },
  async P3(probe) {
    let release = (): void => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    probe.api.answer(() => [{ until }, { text: "late" }]);
    const session = await probe.open();
    const result = session.turn("one");
    await probe.api.called(1);
    session.endInput();
    setTimeout(release, 1000);
    assert.equal((await result)["result"], "late");
    assert.equal((await session.ended).code, 0);
  },
  async P4(probe) {
    probe.api.answer(() => [{ hang: true }]);
    const session = await probe.open();
    session.say("one");
    await probe.api.called(1);
    const startedAt = performance.now();
    session.kill("SIGTERM");
    await session.ended;
    assert.ok(performance.now() - startedAt < 5000, "it took more than 5 s");
  },
  async P6(probe) {
    const words = "word ".repeat(400_000);
    const session = await probe.open({ launch: { model: "sonnet[1m]" } });
    await session.turn(words);
    assert.ok(lastCall(probe).bytes > words.length);
  },
  async P7(probe) {
    const session = await probe.open();
    await session.turn("one");
    const folder = join(session.folder, ".claude/projects");
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
    assert.deepEqual(
      files.filter((name) => name.endsWith(".jsonl")),
      [],
    );
  },
};
