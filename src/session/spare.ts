/** Warm processes for new conversations: started before they are needed, told nothing until one is claimed. They have the tools last asked for. */
import type { Conversation } from "../cli/client.ts";
import type { OwnTools } from "../core/profile.ts";
import type { Log } from "../lib/log.ts";

export interface SparesOptions {
  readonly count: number;
  /** The tools the first ones have. */
  readonly tools: OwnTools;
  readonly start: (tools: OwnTools, signal: AbortSignal) => Promise<Conversation>;
  /** Called with each new spare before it can be claimed. */
  readonly onStart: (conversation: Conversation) => void;
  readonly log: Log;
}

export interface Spares {
  /** Starts spares up to the count, in the background. */
  fill(): void;
  /** Gives a spare with these tools, if there is one; `fill` starts another in its place. Spares with other tools give way. */
  claim(tools: OwnTools): Conversation | undefined;
  close(): void;
  readonly size: number;
}

/** A CLI that dies as a spare is likely to do so again: the next one waits, twice as long each time. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** Makes an empty pool. */
export function createSpares({ count, tools: firstTools, start, onStart, log }: SparesOptions): Spares {
  const spares = new Set<Conversation>();
  const closing = new AbortController();
  let wanted = firstTools;
  let starting = 0;
  let retryMs = FIRST_RETRY_MS;
  let retry: NodeJS.Timeout | undefined;

  function fillLater(cause: string): void {
    if (closing.signal.aborted || retry) return;
    log.debug("spare not ready", { cause, retryMs });
    retry = setTimeout(() => {
      retry = undefined;
      fill();
    }, retryMs).unref();
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  }

  async function add(): Promise<void> {
    try {
      const conversation = await start(wanted, closing.signal);
      if (closing.signal.aborted || conversation.tools !== wanted) return await conversation.close();
      spares.add(conversation);
      onStart(conversation);
      void conversation.gone.then(() => {
        if (spares.delete(conversation)) fillLater("it ended");
      });
    } catch (error) {
      fillLater(error instanceof Error ? error.message : "unknown");
    } finally {
      starting--;
      fill();
    }
  }

  function fill(): void {
    while (!retry && !closing.signal.aborted && spares.size + starting < count) {
      starting++;
      void add();
    }
  }

  return {
    fill,
    claim(tools) {
      wanted = tools;
      let claimed: Conversation | undefined;
      for (const spare of spares) {
        if (claimed) break;
        spares.delete(spare);
        if (spare.isAlive && spare.tools === tools) claimed = spare;
        else void spare.close();
      }
      if (claimed) retryMs = FIRST_RETRY_MS;
      return claimed;
    },
    close() {
      closing.abort();
      clearTimeout(retry);
      for (const spare of spares) void spare.close();
      spares.clear();
    },
    get size() {
      return spares.size;
    },
  };
}
