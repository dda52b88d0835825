/** Live processes between turns, by the fingerprint of the conversation each knows. Bounded; an idle one is let go. */
import type { Conversation } from "../cli/conversation.ts";
import { createLru } from "../lib/lru.ts";
import type { Lru } from "../lib/lru.ts";
import type { Log } from "../lib/log.ts";

/** Bounds of the pool. */
export interface PoolOptions {
  readonly maxSessions: number;
  readonly idleSeconds: number;
  readonly log: Log;
}

/** Live processes between turns. */
export interface Pool {
  /**
   * Files a process that is between turns; one that dies later leaves by itself. `isContinued` is for a conversation of
   * more than one turn. One-turn requests take its place only until they hold a quarter of the pool (at least one
   * place), so a run of titles does not empty it.
   */
  file(key: string, conversation: Conversation, isContinued: boolean): void;
  /** Gives the process that knows this conversation; it is the caller's from then on. */
  claim(key: string): Conversation | undefined;
  /** Ends all. */
  clear(): void;
  readonly size: number;
}

/** Part of the pool, from 0 to 1, that conversations of one turn keep when the others could fill all of it. */
const ONE_TURN_SHARE = 0.25;

/** Makes an empty pool. */
export function createPool({ maxSessions, idleSeconds, log }: PoolOptions): Pool {
  const createSegment = (): Lru<string, Conversation> =>
    createLru({
      max: Number.POSITIVE_INFINITY,
      idleMs: idleSeconds * 1000,
      dispose: (conversation, reason) => {
        log.debug("session let go", { pid: conversation.pid, reason });
        void conversation.close();
      },
    });
  const oneTurn = createSegment();
  const continued = createSegment();
  const oneTurnRoom = Math.max(1, Math.floor(maxSessions * ONE_TURN_SHARE));

  function makeRoom(): void {
    while (oneTurn.size + continued.size > maxSessions) {
      if (oneTurn.size > oneTurnRoom || continued.size === 0) oneTurn.evict();
      else continued.evict();
    }
  }

  return {
    file(key, conversation, isContinued) {
      const [segment, other] = isContinued ? [continued, oneTurn] : [oneTurn, continued];
      segment.put(key, conversation);
      // Of two processes that know the same, the newer one stays.
      const older = other.take(key);
      if (older) void older.close();
      makeRoom();
      void conversation.gone.then(() => segment.delete(key, conversation));
    },
    claim: (key) => continued.take(key) ?? oneTurn.take(key),
    clear() {
      oneTurn.clear();
      continued.clear();
    },
    get size() {
      return oneTurn.size + continued.size;
    },
  };
}
