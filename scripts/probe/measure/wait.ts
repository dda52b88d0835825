/** P60 to P63: a process that waits to be told its history. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { toDialogue } from "../../../test/helpers/upstream.ts";
import { lastCall, text, toAssistant, toUser } from "../probe.ts";
import type { Measurement, Probe } from "../probe.ts";
import type { Session } from "../session.ts";

/** A process has no way to say that it waits; so long is enough for it to have begun. */
const START_MS = 3000;

async function startWaiting(probe: Probe): Promise<{ session: Session; file: string; lastUuid: string }> {
  const place = { file: join(probe.makeFolder(), "later.jsonl"), lastUuid: randomUUID() };
  const launch = { model: "sonnet", session: { type: "replay", ...place } } as const;
  const session = probe.start({ launch, args: ["--await-initialize"] });
  await delay(START_MS);
  return { session, ...place };
}

export const WAIT: Readonly<Record<string, Measurement>> = {
  async P60(probe) {
    const { session, ...place } = await startWaiting(probe);
    probe.write([toUser("one"), toAssistant([text("A")], probe.modelId)], place);
    await session.ask({ subtype: "initialize", systemPrompt: ["Be brief."] });
    await session.turn("two");
    assert.deepEqual(toDialogue(lastCall(probe)), ["user: one", "assistant: A", "user: two"]);
  },
  async P61(probe) {
    const { session } = await startWaiting(probe);
    await assert.rejects(session.ask({ subtype: "list_models" }));
    assert.equal((await session.ended).code, 1);
  },
  async P62(probe) {
    const { session } = await startWaiting(probe);
    await assert.rejects(
      session.ask({ subtype: "initialize", systemPrompt: ["Be brief."] }).then(() => session.turn("two")),
    );
    assert.equal((await session.ended).code, 1);
  },
  async P63(probe) {
    const [first, second] = [await startWaiting(probe), await startWaiting(probe)];
    first.session.endInput();
    second.session.kill("SIGTERM");
    assert.deepEqual(await first.session.ended, { code: 1, signal: null });
    await second.session.ended;
  },
};
