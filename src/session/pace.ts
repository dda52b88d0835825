/** Decides when a process may be started beside the turns that run: its start takes a processor for 300 ms. */
import { untilAborted } from "../lib/abort.ts";

/** Settings of a pace. */
export interface PaceOptions {
  /** Processors of this machine: as many turns that stream keep all of them busy. */
  readonly cores: number;
  /** A turn without a delta for this long waits for the API, not for a processor; 5 s unless told. */
  readonly patienceMs?: number;
  /** A stream without a delta for this long has paused; 500 ms unless told. */
  readonly pauseMs?: number;
}

/** One turn that runs. */
export interface PacedTurn {
  /** A delta has come. */
  stream(): void;
  /** It is over. Safe to call twice. */
  end(): void;
}

/** The turns that run, as far as the start of a process would slow them. */
export interface Pace {
  /** A turn begins: nothing is started before its first delta. */
  begin(): PacedTurn;
  /** Settles when a process may be started; at once when it may now. @throws the signal's reason. */
  untilQuiet(signal: AbortSignal): Promise<void>;
}

interface Running {
  isWaiting: boolean;
  /** Its beginning or its last delta, by `performance.now()`. */
  lastMs: number;
}

const PATIENCE_MS = 5000;
const PAUSE_MS = 500;

/** Makes the pace of a server without turns. */
export function createPace({ cores, patienceMs = PATIENCE_MS, pauseMs = PAUSE_MS }: PaceOptions): Pace {
  const turns = new Set<Running>();
  let listeners: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function isQuiet(): boolean {
    const nowMs = performance.now();
    const busy = [...turns].filter(({ isWaiting, lastMs }) => nowMs - lastMs < (isWaiting ? patienceMs : pauseMs));
    return busy.length < cores && !busy.some(({ isWaiting }) => isWaiting);
  }

  function look(): void {
    if (listeners.length === 0) return;
    if (!isQuiet()) {
      // A pause is told by nobody.
      timer ??= setTimeout(() => {
        timer = undefined;
        look();
      }, pauseMs).unref();
      return;
    }
    const told = listeners;
    listeners = [];
    for (const tell of told) tell();
  }

  return {
    begin() {
      const turn: Running = { isWaiting: true, lastMs: performance.now() };
      turns.add(turn);
      return {
        stream() {
          turn.lastMs = performance.now();
          if (!turn.isWaiting) return;
          turn.isWaiting = false;
          look();
        },
        end() {
          if (turns.delete(turn)) look();
        },
      };
    },
    async untilQuiet(signal) {
      signal.throwIfAborted();
      // Asked again after each wait: another turn may have begun before this continuation ran.
      while (!isQuiet()) {
        const told = new Promise<void>((resolve) => listeners.push(resolve));
        look();
        await untilAborted(told, signal);
      }
    },
  };
}
