/** Processes that are told a history ahead of the request that brings it: started, loaded, set up, and waiting. */
import type { Conversation } from "../cli/conversation.ts";
import type { Message } from "../core/turn.ts";
import { untilAborted } from "../lib/abort.ts";
import type { Log } from "../lib/log.ts";
import type { Job } from "./lease.ts";
import type { Pace } from "./pace.ts";
import type { Pool } from "./pool.ts";
import type { Replay, TakeReplay } from "./replay.ts";

/** Parts that prepare processes. */
export interface PreparationsOptions {
  readonly takeReplay: TakeReplay;
  /** Takes each prepared process, which counts as one of its own. */
  readonly pool: Pool;
  readonly pace: Pace;
  readonly log: Log;
}

/** A history that is expected. */
export interface PreparationOrder {
  /** Its fingerprint. */
  readonly key: string;
  /** The turn that it follows: its set-up and settings are expected again. */
  readonly job: Job;
  readonly messages: readonly Message[];
  /** For each message the fingerprint of a process whose last answer it was; undefined for a user's. */
  readonly answers: readonly (string | undefined)[];
  /** Called once the process is taken by a turn, or is gone without one. */
  readonly settle: (isMet: boolean) => void;
}

/** Processes that are being prepared, or are prepared and stand in the pool. */
export interface Preparations {
  /** Prepares a process in the background, at a quiet moment. */
  begin(order: PreparationOrder): void;
  /** Waits for the process that is being prepared for this history; one that was not begun yet is given up. */
  finish(key: string, signal: AbortSignal): Promise<void>;
  /** Called when a turn takes a process from the pool: for a prepared one, the way its turn's messages are sent. */
  confirm(conversation: Conversation): Replay["toExact"] | undefined;
  /** Prepares no more. */
  close(): void;
}

interface Pending {
  readonly leaving: AbortController;
  /** True once a process is being taken; before, leaving it costs nothing. */
  hasBegun: boolean;
  /** Settles when it is over; never rejects. */
  done: Promise<void>;
}

/** Makes an empty set of preparations. */
export function createPreparations({ takeReplay, pool, pace, log }: PreparationsOptions): Preparations {
  /** By the fingerprint of the history. */
  const pending = new Map<string, Pending>();
  const prepared = new Map<Conversation, Pick<Replay, "toExact"> & Pick<PreparationOrder, "settle">>();
  const closing = new AbortController();

  async function prepare(order: PreparationOrder, state: Pending): Promise<void> {
    const { key, messages, answers, job, settle } = order;
    const { turn, model, tools, servers } = job;
    const signal = AbortSignal.any([closing.signal, state.leaving.signal]);
    await pace.untilQuiet(signal);
    state.hasBegun = true;
    // A process that waits cannot have loaded servers (P61), and a start of its own holds nobody up here.
    const coming = { messages, answers, model, tools, isFresh: servers.length > 0 };
    const { conversation, toExact, onLoaded } = await takeReplay(coming, signal);
    conversation.prepare({ turn, model, servers, onReady: onLoaded });
    prepared.set(conversation, { toExact, settle });
    void conversation.gone.then(() => {
      onLoaded();
      if (prepared.delete(conversation)) settle(false);
    });
    pool.file(key, conversation, true);
    log.debug("prepared claude", { pid: conversation.pid });
  }

  return {
    begin(order) {
      const { key } = order;
      const state: Pending = { leaving: new AbortController(), hasBegun: false, done: Promise.resolve() };
      pending.get(key)?.leaving.abort();
      pending.set(key, state);
      state.done = prepare(order, state)
        .catch((error: unknown) => log.debug("not prepared", { cause: String(error) }))
        .finally(() => {
          if (pending.get(key) === state) pending.delete(key);
        });
    },
    async finish(key, signal) {
      const state = pending.get(key);
      if (state?.hasBegun) return untilAborted(state.done, signal);
      state?.leaving.abort();
    },
    confirm(conversation) {
      const known = prepared.get(conversation);
      prepared.delete(conversation);
      known?.settle(true);
      return known?.toExact;
    },
    close: () => closing.abort(),
  };
}
