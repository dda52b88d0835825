/** One turn while it runs: what its caller tells of it, and what can be shown meanwhile. */
import type { ErrorKind } from "../core/error.ts";
import type { TurnEvent, Usage } from "../core/event.ts";
import type { Start } from "../core/start.ts";
import { createTokens } from "./totals.ts";
import type { FinishedTurn, Tokens } from "./totals.ts";
import type { RunningTurn } from "./usage.ts";

/** The client and the protocol of a turn. */
export interface TurnRequest {
  /** The answer's `x-request-id`. */
  readonly requestId: string;
  readonly protocol: string;
  /** The name of its key, or of its program. */
  readonly client: string;
}

/** A turn that goes to a model. */
export interface TurnAsked {
  readonly model: string;
  /** The way it began; undefined before it has a process. */
  readonly readStart: () => Start | undefined;
  /** Ends it from outside. */
  readonly stop: () => void;
}

/** One turn, as its caller tells of it: `run` once it is known what is asked, and `end` in every case. */
export interface TurnRecord {
  run(asked: TurnAsked): void;
  /** Events in their order, before the client can see them. */
  add(events: readonly TurnEvent[]): void;
  /** It is over, with an error or without. Only the first call counts. */
  end(error?: ErrorKind): void;
}

/** Milliseconds: of the calendar, and of a clock that never jumps. */
export interface Time {
  now(): number;
  tick(): number;
}

/** The model of a turn that was refused before its model was known. */
const NO_MODEL = "none";
/** About as many characters as one token. */
const TOKEN_LENGTH = 4;
/** No rate is given before: it would be a guess. */
const RATE_AFTER_MS = 500;

function toTokens({ input, cacheCreation, cacheRead, output, thinking = 0 }: Usage): Tokens {
  return { input: input + cacheCreation, cached: cacheRead, output, thinking };
}

/** Length of what an event gives the client; undefined for one that gives nothing. */
function toLength(event: TurnEvent): number | undefined {
  switch (event.type) {
    case "text":
    case "thinking":
      return event.text.length;
    case "arguments":
    case "mcp_arguments":
      return event.json.length;
    case "call":
    case "progress":
    case "mcp_call":
    case "mcp_result":
      return 0;
    default:
      return undefined;
  }
}

/** The state of one turn. */
export interface TurnState {
  /** Takes events; true when there was something to show among them. */
  add(events: readonly TurnEvent[]): boolean;
  run(asked: TurnAsked): void;
  toRunning(): RunningTurn;
  toFinished(error: ErrorKind | undefined): FinishedTurn;
}

/** Begins the state of a turn that was asked for now. */
export function createTurnState(id: string, request: TurnRequest, time: Time): TurnState {
  const startedAtMs = time.now();
  const startedTick = time.tick();
  let model = NO_MODEL;
  let readStart: TurnAsked["readStart"] = () => undefined;
  let firstTick: number | undefined;
  let length = 0;
  let tokens = createTokens();

  function addOne(event: TurnEvent): boolean {
    if (event.type === "start") model = event.model || model;
    if (event.type === "done") tokens = toTokens(event.usage);
    const added = toLength(event);
    if (added === undefined) return false;
    firstTick ??= time.tick();
    length += added;
    return true;
  }

  function toRate(outputTokens: number): number | null {
    const ms = firstTick === undefined ? 0 : time.tick() - firstTick;
    return ms < RATE_AFTER_MS ? null : Math.round((outputTokens * 10_000) / ms) / 10;
  }

  return {
    run(asked) {
      ({ model, readStart } = asked);
    },
    add(events) {
      let isShown = false;
      for (const event of events) if (addOne(event)) isShown = true;
      return isShown;
    },
    toRunning() {
      const outputTokens = Math.ceil(length / TOKEN_LENGTH);
      return {
        id,
        request_id: request.requestId,
        protocol: request.protocol,
        client: request.client,
        model,
        start: readStart() ?? null,
        began_at: new Date(startedAtMs).toISOString(),
        first_delta_ms: firstTick === undefined ? null : Math.round(firstTick - startedTick),
        output_tokens: outputTokens,
        tokens_per_second: toRate(outputTokens),
      };
    },
    toFinished: (error) => ({
      ...request,
      id,
      model,
      start: readStart(),
      error,
      tokens,
      startedAtMs,
      durationMs: time.tick() - startedTick,
      firstDeltaMs: firstTick === undefined ? undefined : firstTick - startedTick,
    }),
  };
}
