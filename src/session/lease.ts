/** A process lent to one turn: played on, then filed for the next turn or ended. */
import type { Conversation } from "../cli/conversation.ts";
import type { EventStream } from "../core/event.ts";
import type { McpServer } from "../core/mcp.ts";
import type { OwnTools } from "../core/profile.ts";
import type { Reply } from "../core/reply.ts";
import type { Start } from "../core/start.ts";
import type { Turn } from "../core/turn.ts";

/** One turn to be played. */
export interface Job {
  readonly turn: Turn;
  /** The CLI's name of the model. */
  readonly model: string;
  /** True where the model has to be named at the start of a process. */
  readonly isPinned: boolean;
  /** The CLI's own tools that it may use. */
  readonly tools: OwnTools;
  /** The MCP servers whose tools it may call. */
  readonly servers: readonly McpServer[];
  /** A conversation the server keeps; the turn then brings only what is new. */
  readonly name: string | undefined;
  /** The client: turns that wait are admitted fairly between clients. */
  readonly client: string;
}

/** A process for one turn. */
export interface Lease {
  /** The way the turn begins. */
  readonly start: Start;
  /** True when the process was there before: then it may have died unseen, and the turn can be tried once more. */
  readonly isOld: boolean;
  /** Plays the job's turn. Once only. @throws as `Conversation.play`. */
  play(signal: AbortSignal): EventStream;
  /** The answer is whole. Files the process under what it knows after this reply, if it can go on. Before `end`. */
  file(reply: Reply): Promise<void>;
  /** The turn is over, however it ended: a process that was not filed ends too. */
  end(): void;
}

/**
 * Finds or starts the process for a job. `isFresh` passes by what was there before.
 * @throws ProxyError when none can be started; the signal's reason when it aborts.
 */
export type TakeLease = (job: Job, signal: AbortSignal, isFresh: boolean) => Promise<Lease>;

/** Parts that leases are made of. */
export interface LeaseParts {
  readonly job: Job;
  readonly conversation: Conversation;
  readonly start: Start;
  /**
   * The answer is whole. Files the process under what it knows after this reply, if it can go on; false where the
   * process is left to the lease, which ends it.
   */
  readonly file: (conversation: Conversation, reply: Reply) => Promise<boolean>;
  /** Called once the process has loaded what it was started with, or will not need it; more than once is safe. */
  readonly onLoaded?: () => void;
}

/** Makes a lease; the process is the lease's until it is filed. */
export function createLease({ job, conversation, start, file, onLoaded = () => undefined }: LeaseParts): Lease {
  let isFiled = false;
  return {
    start,
    isOld: start !== "cold",
    play(signal) {
      const { turn, model, servers } = job;
      return conversation.play({ turn, model, servers, onReady: onLoaded }, signal);
    },
    async file(reply) {
      isFiled = await file(conversation, reply);
    },
    end() {
      if (!isFiled) void conversation.close();
      onLoaded();
    },
  };
}
