/** P101 to P104: sessions that the CLI persists. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { noteLastEntry } from "../../../src/cli/install/persisted.ts";
import { toDialogue } from "../../../test/helpers/upstream.ts";
import { lastCall } from "../probe.ts";
import type { Measurement, OpenOptions, Probe } from "../probe.ts";
import { get } from "../session.ts";
import type { Session } from "../session.ts";

interface Kept {
  readonly id: string;
  readonly config: string;
  begin(options?: OpenOptions): Promise<Session>;
  /** Goes on after the block of this id in a session that has ended. */
  resume(lastUuid: string, options?: OpenOptions): Promise<Session>;
}

/** The id of the model's last block so far. */
const toLastUuid = ({ messages }: Session): string =>
  String(messages.findLast(({ type }) => type === "assistant")?.["uuid"]);

/** A session in a folder of the CLI's own that goes with the measurement. */
function keep(probe: Probe): Kept {
  const [id, config] = [randomUUID(), probe.makeFolder()];
  const open = (session: object, options: OpenOptions = {}): Promise<Session> =>
    probe.open({ launch: { model: "sonnet", session } as never, env: { CLAUDE_CONFIG_DIR: config }, ...options });
  return {
    id,
    config,
    begin: (options) => open({ type: "begin", id }, options),
    async resume(lastUuid, options) {
      await noteLastEntry(config, id, lastUuid);
      return open({ type: "resume", id, lastUuid }, options);
    },
  };
}

export const KEPT: Readonly<Record<string, Measurement>> = {
  async P101(probe) {
    const kept = keep(probe);
    const first = await kept.begin({ system: "Be brief." });
    await first.turn("one");
    await first.close();
    await (await kept.resume(toLastUuid(first), { system: "Be long." })).turn("two");
    const system = JSON.stringify(lastCall(probe).body.system);
    assert.deepEqual([system.includes("Be brief."), system.includes("Be long.")], [true, false]);
  },
  async P102(probe) {
    const kept = keep(probe);
    const folder = join(probe.makeFolder());
    const first = await kept.begin({ folder });
    await first.turn("one");
    await first.close();
    const name = folder.replaceAll(/[^A-Za-z0-9]/g, "-");
    assert.ok(existsSync(join(kept.config, "projects", name, `${kept.id}.jsonl`)));
    await (await kept.resume(toLastUuid(first), { folder: probe.makeFolder() })).turn("two");
    assert.equal(toDialogue(lastCall(probe)).length, 3);
  },
  async P103(probe) {
    const kept = keep(probe);
    probe.api.answer(() => [{ text: "half" }, { hang: true }]);
    const folder = probe.makeFolder();
    const first = await kept.begin({ folder });
    first.say("one");
    await first.next(({ event }) => get(event)["type"] === "content_block_delta");
    first.kill("SIGTERM");
    await first.ended;
    await assert.rejects(kept.begin({ folder }), /already in use/);
  },
  async P104(probe) {
    const kept = keep(probe);
    probe.api.answer((_call, at) => (at === 0 ? [{ text: "cut off" }, { stop: "max_tokens" }] : [{ text: "ok" }]));
    const first = await kept.begin();
    first.say("one");
    await first.next(({ event }) => get(event)["type"] === "message_delta");
    // Now and then it has asked the API once more before the signal comes.
    const lastUuid = toLastUuid(first);
    first.kill("SIGINT");
    await first.ended;
    await (await kept.resume(lastUuid)).turn("two");
    assert.deepEqual(toDialogue(lastCall(probe)), ["user: one", "assistant: cut off", "user: two"]);
  },
};
