/** Live processes between turns, by the fingerprint of the conversation each knows. Bounded; an idle one is let go. */
import type { Conversation } from "../cli/conversation.ts";
import { createLru } from "../lib/lru.ts";
import type { Log } from "../lib/log.ts";

export interface PoolOptions {
  readonly maxSessions: number;
  readonly idleSeconds: number;
  readonly log: Log;
}

export interface Pool {
  /** Files a process that is between turns. One that dies later leaves by itself. */
  file(key: string, conversation: Conversation): void;
  /** Gives the process that knows this conversation; it is the caller's from then on. */
  claim(key: string): Conversation | undefined;
  /** Ends all. */
  clear(): void;
  readonly size: number;
}

/** Makes an empty pool. */
export function createPool({ maxSessions, idleSeconds, log }: PoolOptions): Pool {
  const conversations = createLru<string, Conversation>({
    max: maxSessions,
    idleMs: idleSeconds * 1000,
    dispose: (conversation, reason) => {
      log.debug("session let go", { pid: conversation.pid, reason });
      void conversation.close();
    },
  });
  return {
    file(key, conversation) {
      conversations.put(key, conversation);
      void conversation.gone.then(() => conversations.delete(key, conversation));
    },
    claim(key) {
      return conversations.take(key);
    },
    clear: () => conversations.clear(),
    get size() {
      return conversations.size;
    },
  };
}
