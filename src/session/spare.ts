/** Warm processes: started before they are needed, and told nothing until one is claimed. */
import type { Conversation } from "../cli/conversation.ts";
import type { Launch } from "../cli/request/launch.ts";
import { choosePlace } from "../cli/request/transcript.ts";
import type { TranscriptPlace } from "../cli/request/transcript.ts";
import type { McpServer } from "../core/mcp.ts";
import type { Log } from "../lib/log.ts";
import type { Scratch } from "../lib/scratch.ts";
import { createBackoff } from "./backoff.ts";
import type { Pace } from "./pace.ts";
import { toKindKey } from "./target.ts";
import type { Kind, Target } from "./target.ts";

/** A warm process. */
export interface Spare {
  readonly conversation: Conversation;
  readonly kind: Kind;
  /** Set for one that waits to be told a history: the transcript is to be written there before its first turn. */
  readonly transcript: TranscriptPlace | undefined;
}

/** Parts that start spares. */
export interface SparesOptions {
  readonly target: Target;
  readonly pace: Pace;
  readonly transcripts: Scratch;
  /** The MCP servers that spares with tools of the CLI's own have loaded before they are claimed. */
  readonly servers: readonly McpServer[];
  /** Starts a process. @throws ProxyError; the signal's reason. */
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  /** Identity of the CLI's file now; never rejects. Spares of another one are replaced. */
  readonly identify: () => Promise<string>;
  /** The number of processes that the free memory of the machine can hold besides. */
  readonly countRoom: () => number;
  /** Called with each new spare for new conversations before it can be claimed. */
  readonly onStart: (conversation: Conversation) => void;
  readonly log: Log;
}

/** Processes that wait for a conversation. */
export interface Spares {
  /** Ends spares that are no longer wanted, and starts those that are, in the background and at a quiet moment. */
  fill(): void;
  /**
   * Gives a spare of this kind, if there is one, and takes down that it was needed. It is the caller's from then on;
   * another is started in its place.
   */
  claim(kind: Kind): Spare | undefined;
  /** Ends all; none is started any more. */
  close(): void;
  readonly size: number;
}

/** The state of a spare beside what its taker sees. */
interface Stored extends Spare {
  /** Identity of the CLI's file that it was started from. */
  readonly identity: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** The CLI's file and the target are looked at after each turn, and this often while there is none. */
const LOOK_MS = 60_000;
/** A process takes the memory it needs within this time; until then the machine's free memory does not show it. */
const GROWTH_MS = 5000;

/** The order for a process of a kind. */
function toOrder(
  { tools, model, isReplay }: Kind,
  { transcripts, servers }: Pick<SparesOptions, "transcripts" | "servers">,
): Pick<Spare, "transcript"> & { launch: Launch } {
  const launch = { tools, ...(model === undefined ? {} : { model }) };
  const isServed = servers.length > 0 && tools !== "none" && tools !== "search";
  if (!isReplay) return { launch: isServed ? { ...launch, servers } : launch, transcript: undefined };
  const transcript = choosePlace(transcripts);
  const session = { type: "await", file: transcript.file.path, lastUuid: transcript.lastUuid } as const;
  return { launch: { ...launch, session }, transcript };
}

/** The items of `all` that are left when one like each of `others` is taken out, from the front. */
function subtract<Item>(all: readonly Item[], others: readonly Kind[], toKind: (item: Item) => Kind): Item[] {
  const keys = others.map(toKindKey);
  return all.filter((item) => {
    const at = keys.indexOf(toKindKey(toKind(item)));
    if (at !== -1) keys.splice(at, 1);
    return at === -1;
  });
}

/** Makes an empty set of spares. */
export function createSpares(options: SparesOptions): Spares {
  const { target, pace, log } = options;
  const spares = new Set<Stored>();
  const closing = new AbortController();
  const backoff = createBackoff({ retry: fill, signal: closing.signal, log });
  let isStarting = false;

  const listKinds = (): Kind[] => [...spares].map(({ kind }) => kind);
  const listWanted = (): Kind[] => target.list(performance.now());

  function drop(spare: Stored): void {
    spares.delete(spare);
    void spare.conversation.close();
  }

  /** The kind to start next; undefined when all are there, or there is no room. */
  function findMissing(): Kind | undefined {
    const [missing] = subtract(listWanted(), listKinds(), (kind) => kind);
    if (!missing || backoff.isWaiting || spares.size >= target.most) return undefined;
    const young = [...spares].filter(({ startedAt }) => performance.now() - startedAt < GROWTH_MS).length;
    return spares.size === 0 || options.countRoom() > young ? missing : undefined;
  }

  async function add(kind: Kind): Promise<void> {
    try {
      const { launch, transcript } = toOrder(kind, options);
      const conversation = await options.start(launch, closing.signal);
      const startedAt = performance.now();
      // Asked after the start: before the first one, the CLI's file has not been found yet.
      const spare = { conversation, kind, transcript, startedAt, identity: await options.identify() };
      if (closing.signal.aborted) return await conversation.close();
      spares.add(spare);
      if (!kind.isReplay) options.onStart(conversation);
      void conversation.gone.then(() => {
        if (spares.delete(spare)) backoff.fail("it ended", startedAt);
      });
    } catch (error) {
      backoff.fail(error instanceof Error ? error.message : "unknown");
    }
  }

  /** Starts what is missing, one after the other, each at a quiet moment. */
  async function startMissing(): Promise<void> {
    isStarting = true;
    try {
      for (;;) {
        await pace.untilQuiet(closing.signal);
        const kind = findMissing();
        if (!kind) return;
        await add(kind);
      }
    } finally {
      isStarting = false;
    }
  }

  /** Ends what is not wanted. What is wanted stays, also beyond the bound: so no two kinds push each other out. */
  function endUnwanted(): void {
    const wanted = listWanted();
    // One that is ending leaves by itself, and is not replaced at once.
    const alive = [...spares].filter(({ conversation }) => conversation.isAlive);
    for (const spare of subtract(alive, wanted, ({ kind }) => kind)) drop(spare);
    const [base] = subtract(wanted.slice(0, 1), listKinds(), (kind) => kind);
    const last = [...spares].at(-1);
    if (base && last && spares.size >= target.most) drop(last);
  }

  function fill(): void {
    if (closing.signal.aborted) return;
    endUnwanted();
    if (!isStarting) startMissing().catch(() => undefined);
  }

  /** Ends spares of a file that has been replaced, and starts others. */
  async function renew(): Promise<void> {
    const identity = await options.identify();
    const outdated = [...spares].filter((spare) => spare.identity !== identity);
    if (outdated.length > 0) log.debug("claude has changed", { spares: outdated.length });
    for (const spare of outdated) drop(spare);
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
      const key = toKindKey(kind);
      const found = [...spares].find((spare) => spare.conversation.isAlive && toKindKey(spare.kind) === key);
      if (found) spares.delete(found);
      fill();
      return found;
    },
    close() {
      closing.abort();
      backoff.close();
      clearInterval(looking);
      for (const spare of spares) drop(spare);
    },
    get size() {
      return spares.size;
    },
  };
}
