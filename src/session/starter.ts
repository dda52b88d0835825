/** The starts of spares: one after the other, each at a quiet moment, and none in the pause after a failure. */
import type { Conversation } from "../cli/conversation.ts";
import type { Launch } from "../cli/request/launch.ts";
import { choosePlace } from "../cli/request/transcript.ts";
import type { TranscriptPlace } from "../cli/request/transcript.ts";
import type { McpServer } from "../core/mcp.ts";
import type { Log } from "../lib/log.ts";
import type { Scratch } from "../lib/scratch.ts";
import { createBackoff } from "./backoff.ts";
import type { Pace } from "./pace.ts";
import type { Kind } from "./target.ts";

/** A warm process. */
export interface Spare {
  readonly conversation: Conversation;
  readonly kind: Kind;
  /** Set for one that waits to be told a history: the transcript is to be written there before its first turn. */
  readonly transcript: TranscriptPlace | undefined;
}

/** A spare, and what its start tells of it. */
export interface StartedSpare extends Spare {
  /** Identity of the CLI's file that it was started from. */
  readonly identity: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly isAlive: boolean;
}

/** Parts that start spares. */
export interface StartOptions {
  readonly pace: Pace;
  readonly transcripts: Scratch;
  /** The MCP servers that spares with tools of the CLI's own have loaded before they are claimed. */
  readonly servers: readonly McpServer[];
  /** Starts a process. @throws ProxyError; the signal's reason. */
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  /** Identity of the CLI's file now; never rejects. Spares of another one are replaced. */
  readonly identify: () => Promise<string>;
  readonly log: Log;
}

/** The owner of the spares, as far as a starter works for it. */
export interface StarterOptions extends StartOptions {
  /** The kind to start next; undefined when there is none. Asked at each quiet moment. */
  readonly chooseNext: () => Kind | undefined;
  /** Takes a spare that has been started. */
  readonly onStart: (spare: StartedSpare) => void;
  /** Called at the end of a pause. */
  readonly onRetry: () => void;
  /** Ends all starts; a spare that comes too late is closed. */
  readonly signal: AbortSignal;
}

/** Starts spares. */
export interface Starter {
  /** Starts what is to be started, in the background. */
  run(): void;
  /** Records that a spare has ended by itself: a pause follows. */
  fail({ startedAt }: StartedSpare): void;
  close(): void;
}

/** The order for a process of a kind. */
function toOrder(
  { tools, model, isReplay }: Kind,
  { transcripts, servers }: StartOptions,
): Pick<Spare, "transcript"> & { launch: Launch } {
  const launch = { tools, ...(model === undefined ? {} : { model }) };
  const isServed = servers.length > 0 && tools !== "none" && tools !== "search";
  if (!isReplay) return { launch: isServed ? { ...launch, servers } : launch, transcript: undefined };
  const transcript = choosePlace(transcripts);
  const session = { type: "await", file: transcript.file.path, lastUuid: transcript.lastUuid } as const;
  return { launch: { ...launch, session }, transcript };
}

async function startSpare(kind: Kind, options: StartOptions, signal: AbortSignal): Promise<StartedSpare> {
  const { launch, transcript } = toOrder(kind, options);
  const conversation = await options.start(launch, signal);
  return {
    ...{ conversation, kind, transcript },
    startedAt: performance.now(),
    // Asked after the start: before the first one, the CLI's file has not been found yet.
    identity: await options.identify(),
    get isAlive() {
      return conversation.isAlive;
    },
  };
}

/** Makes a starter, which starts nothing before it is told to. */
export function createStarter(options: StarterOptions): Starter {
  const { pace, signal, log } = options;
  const backoff = createBackoff({ retry: options.onRetry, signal, log });
  let isStarting = false;

  async function add(kind: Kind): Promise<void> {
    try {
      const spare = await startSpare(kind, options, signal);
      if (signal.aborted) return await spare.conversation.close();
      options.onStart(spare);
    } catch (error) {
      backoff.fail(error instanceof Error ? error.message : "unknown");
    }
  }

  async function startAll(): Promise<void> {
    isStarting = true;
    try {
      for (;;) {
        await pace.untilQuiet(signal);
        const kind = backoff.isWaiting ? undefined : options.chooseNext();
        if (!kind) return;
        await add(kind);
      }
    } finally {
      isStarting = false;
    }
  }

  return {
    run() {
      if (!isStarting) startAll().catch(() => undefined);
    },
    fail: ({ startedAt }) => backoff.fail("it ended", startedAt),
    close: backoff.close,
  };
}
