/**
 * Warm processes for new conversations: started before they are needed, told nothing until one is claimed. They are
 * started as the last two asked for were.
 */
import type { Launch } from "../cli/request/launch.ts";
import type { Conversation } from "../cli/conversation.ts";
import type { Log } from "../lib/log.ts";

/** Number and kind of the spares. */
export interface SparesOptions {
  readonly count: number;
  /** The settings that the first ones are started with. */
  readonly first: Launch;
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  /** Identity of the CLI's file now; never rejects. Spares of another one are replaced. */
  readonly identify: () => Promise<string>;
  /** Called with each new spare before it can be claimed. */
  readonly onStart: (conversation: Conversation) => void;
  readonly log: Log;
}

/** Processes that wait for a conversation. */
export interface Spares {
  /** Ends spares of a kind that is no longer asked for, and starts others up to the count, in the background. */
  fill(): void;
  /**
   * Gives a spare that was started like this, if there is one; `fill` starts another in its place. A kind that is asked
   * for twice in a row becomes the kind of all: one request that differs does not cost the spare.
   */
  claim(launch: Launch): Conversation | undefined;
  close(): void;
  readonly size: number;
}

/** A CLI that dies as a spare is likely to do so again: the next one waits, twice as long each time. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** The CLI's file is looked at after each turn, and this often while there is none. */
const LOOK_MS = 60_000;
/** A spare that has lived this long did not die of how it was started. */
const SOUND_MS = 10_000;

function isAlike(a: Launch, b: Launch): boolean {
  return a.tools === b.tools && a.model === b.model;
}

/** Makes an empty pool. */
export function createSpares({ count, first, start, identify, onStart, log }: SparesOptions): Spares {
  /** Each with the identity of the CLI's file it was started from. */
  const spares = new Map<Conversation, string>();
  const closing = new AbortController();
  let wanted = first;
  let asked = first;
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
      const identity = await identify();
      if (closing.signal.aborted || !isAlike(conversation.launch, wanted)) return await conversation.close();
      spares.set(conversation, identity);
      onStart(conversation);
      const startedAt = performance.now();
      void conversation.gone.then(() => {
        if (!spares.delete(conversation)) return;
        if (performance.now() - startedAt > SOUND_MS) retryMs = FIRST_RETRY_MS;
        fillLater("it ended");
      });
    } catch (error) {
      fillLater(error instanceof Error ? error.message : "unknown");
    } finally {
      starting--;
      fill();
    }
  }

  function endUnwanted(): void {
    for (const spare of spares.keys()) {
      // One that is ending leaves by itself, and is not replaced at once.
      if (!spare.isAlive || isAlike(spare.launch, wanted)) continue;
      spares.delete(spare);
      void spare.close();
    }
  }

  /** Ends spares of a file that has been replaced, and starts others. */
  async function renew(): Promise<void> {
    const identity = await identify();
    const outdated = [...spares].filter(([, startedFrom]) => startedFrom !== identity).map(([spare]) => spare);
    if (closing.signal.aborted || outdated.length === 0) return;
    log.debug("claude has changed", { spares: outdated.length });
    for (const spare of outdated) {
      spares.delete(spare);
      void spare.close();
    }
    fill();
  }

  function fill(): void {
    endUnwanted();
    while (!retry && !closing.signal.aborted && spares.size + starting < count) {
      starting++;
      void add();
    }
  }

  const looking = setInterval(() => void renew(), LOOK_MS).unref();

  return {
    fill() {
      fill();
      void renew();
    },
    claim(launch) {
      if (isAlike(asked, launch)) wanted = launch;
      asked = launch;
      for (const spare of spares.keys()) {
        if (!spare.isAlive || !isAlike(spare.launch, launch)) continue;
        spares.delete(spare);
        return spare;
      }
      return undefined;
    },
    close() {
      closing.abort();
      clearTimeout(retry);
      clearInterval(looking);
      for (const spare of spares.keys()) void spare.close();
      spares.clear();
    },
    get size() {
      return spares.size;
    },
  };
}
