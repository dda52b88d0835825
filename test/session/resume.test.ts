/** Leases for named conversations: what is left of one that ended in its first turn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Conversation } from "../../src/cli/conversation.ts";
import { createLog } from "../../src/lib/log.ts";
import { createNamedSessions } from "../../src/session/named.ts";
import { createPool } from "../../src/session/pool.ts";
import { createNamedLeases } from "../../src/session/resume.ts";
import { PLAIN_TURN } from "../core/sample.ts";
import { makeFolder } from "../helpers/folder.ts";

/** Leases whose processes end when `die` is called; `deleted` has the sessions whose transcripts were deleted. */
function open(t: TestContext) {
  let die = (): void => undefined;
  const gone = new Promise<void>((resolve) => (die = resolve));
  const deleted: string[] = [];
  const deleteTranscript = async (sessionId: string): Promise<void> => void deleted.push(sessionId);
  const conversation: Partial<Conversation> = { gone, close: () => gone };
  const leases = createNamedLeases({
    start: () => Promise.resolve(conversation as Conversation),
    pool: createPool({ maxSessions: 1, idleSeconds: 10, log: createLog("error") }),
    named: createNamedSessions({ folder: makeFolder(t), maxWaiting: 1, endProcess: () => gone, deleteTranscript }),
    noteLastEntry: () => Promise.resolve(),
    hasEntry: () => Promise.resolve(true),
    deleteTranscript,
  });
  return { leases, deleted, die };
}

test("what is left of a first turn that did not end is deleted once its process is gone, and a stop waits for it", async (t) => {
  const { leases, deleted, die } = open(t);
  const job = { turn: PLAIN_TURN, model: "sonnet", isPinned: false, tools: "none", servers: [], client: "" } as const;
  const lease = await leases.take({ ...job, name: "new" }, "new", new AbortController().signal);
  lease.end();
  const settled = leases.settle();
  assert.deepEqual(deleted, []);
  die();
  await settled;
  assert.equal(deleted.length, 1);
});
