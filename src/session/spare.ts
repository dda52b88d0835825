/** Warm processes: started before they are needed, and told nothing until one is claimed. */
import type { Conversation } from "../cli/conversation.ts";
import { chooseEnds, chooseNext } from "./balance.ts";
import { createStarter } from "./starter.ts";
import type { Spare, StartedSpare, StartOptions } from "./starter.ts";
import { toKindKey } from "./target.ts";
import type { Kind, Target } from "./target.ts";

/** Parts that choose and start spares. */
export interface SparesOptions extends StartOptions {
  readonly target: Target;
  /** The number of processes that the free memory of the machine can hold besides. */
  readonly countRoom: () => number;
  /** Called with each new spare for new conversations before it can be claimed. */
  readonly onStart: (conversation: Conversation) => void;
}

/** Processes that wait for a conversation. */
export interface Spares {
  /** Ends spares that are no longer wanted, and starts those that are, in the background and at a quiet moment. */
  fill(): void;
  /**
   * Gives a spare of this kind, if there is one, and records that it was needed. It is the caller's from then on;
   * another is started in its place.
   */
  claim(kind: Kind): Spare | undefined;
  /** Ends all; none is started any more. */
  close(): void;
  readonly size: number;
}

/** The CLI's file and the target are looked at after each turn, and this often while there is none. */
const LOOK_MS = 60_000;

/** Takes a spare of this kind out of the set, if there is one. */
function take(spares: Set<StartedSpare>, kind: Kind): StartedSpare | undefined {
  const key = toKindKey(kind);
  const found = [...spares].find((spare) => spare.isAlive && toKindKey(spare.kind) === key);
  if (found) spares.delete(found);
  return found;
}

/** Takes spares out of the set and ends them. */
function drop(spares: Set<StartedSpare>, unwanted: Iterable<StartedSpare>): void {
  for (const spare of unwanted) {
    spares.delete(spare);
    void spare.conversation.close();
  }
}

/** Makes an empty set of spares. */
export function createSpares(options: SparesOptions): Spares {
  const { target, countRoom, log } = options;
  const spares = new Set<StartedSpare>();
  const closing = new AbortController();
  const starter = createStarter({
    ...options,
    chooseNext() {
      const nowMs = performance.now();
      return chooseNext(target.list(nowMs), [...spares], { most: target.most, countRoom, nowMs });
    },
    onStart: add,
    onRetry: fill,
    signal: closing.signal,
  });

  function add(spare: StartedSpare): void {
    spares.add(spare);
    const { conversation, kind } = spare;
    if (!kind.isReplay) options.onStart(conversation);
    void conversation.gone.then(() => {
      if (spares.delete(spare)) starter.fail(spare);
    });
  }

  function fill(): void {
    if (closing.signal.aborted) return;
    drop(spares, chooseEnds(target.list(performance.now()), [...spares], target.most));
    starter.run();
  }

  /** Ends spares of a file that has been replaced, and starts others. */
  async function renew(): Promise<void> {
    const identity = await options.identify();
    const outdated = [...spares].filter((spare) => spare.identity !== identity);
    if (outdated.length > 0) log.debug("claude has changed", { spares: outdated.length });
    drop(spares, outdated);
    fill();
  }

  const looking = setInterval(() => void renew(), LOOK_MS).unref();

  return {
    fill() {
      fill();
      void renew();
    },
    claim(kind) {
      target.record(kind, performance.now());
      const found = take(spares, kind);
      fill();
      return found;
    },
    close() {
      closing.abort();
      starter.close();
      clearInterval(looking);
      drop(spares, spares);
    },
    get size() {
      return spares.size;
    },
  };
}
