/**
 * The API calls of one answer: where each begins and ends, their tokens, and the point at which the answer is to end.
 */
import type { FinishReason, Usage } from "../../core/event.ts";
import type { ApiEvent } from "../protocol/message.ts";
import type { Blocks } from "./block.ts";
import type { Draft } from "./draft.ts";
import { createIncompleteError } from "./failure.ts";
import { createUsageMeter, toInputUsage } from "./usage.ts";

/**
 * The state of an answer: `open` goes on; `finished` leaves a process that can take the next turn; `held` leaves it
 * waiting for tool results; `diverged` leaves it with a memory that differs from what the client has seen; `cut` leaves
 * it in the middle of the turn, about to go on by itself.
 */
export type AnswerState = "open" | "finished" | "held" | "diverged" | "cut";

/** The end of an answer, and what it leaves of the process. */
export interface AnswerEnd {
  readonly finish: FinishReason;
  readonly state: Exclude<AnswerState, "open">;
  readonly stopSequence?: string | undefined;
  /** The model's context window is full. */
  readonly isWindowFull?: boolean;
  /** Set where the answer is cut at the end of a message of text: the CLI has all of it (P104). */
  readonly isWhole?: boolean;
}

/** Parts that the API calls of one turn work with. */
export interface ApiCallsOptions {
  readonly draft: Draft;
  readonly blocks: Blocks;
  /** The client forces a tool call: the answer is a structured output, and ends with the CLI's result. */
  readonly isForced: boolean;
  /** The answer is a structured output: where the model gives none, it is the CLI that has it try again. */
  readonly isStructured: boolean;
  /** Called when an API call has ended well. */
  readonly onEnd: () => void;
}

/** The API calls of one turn. */
export interface ApiCalls {
  /**
   * Takes the next event of the API; gives the end of the answer where it has to end there.
   * @throws ProxyError `bad_gateway` for a call that follows one that broke off.
   */
  read(event: ApiEvent): AnswerEnd | undefined;
  /** The running call is void, or its structured output is. */
  retract(): void;
  /** A call has begun and its end was not announced: what comes next begins it anew. */
  readonly isOpen: boolean;
  /** Tokens of all calls; those of an open one as far as they are known. */
  readonly usage: Usage;
  /** The stop sequence at which the API has ended the last call, if it has. */
  readonly stopSequence: string | undefined;
}

const WINDOW_FULL = "model_context_window_exceeded";

/**
 * Reasons at which the CLI would start another API call of its own to go on, and the answer is to end instead (P33,
 * P34).
 */
const CUT_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["max_tokens", "length"],
  [WINDOW_FULL, "length"],
  ["refusal", "content_filter"],
]);

/** Reasons at which the CLI would ask again for an answer that has no visible text (P36). */
const ASKED_AGAIN_REASONS: readonly string[] = ["end_turn", "stop_sequence"];

/** The running API call, or the last one. */
interface ApiCall {
  /** It has begun, and its end was not announced. */
  isOpen: boolean;
  /** It has ended without a reason. */
  isBroken: boolean;
  /** Characters of its text, thinking and tool input, shown or not. */
  length: number;
  stopReason: string;
  stopSequence: string | undefined;
}

const NOT_BEGUN: Readonly<ApiCall> = {
  isOpen: false,
  isBroken: false,
  length: 0,
  stopReason: "",
  stopSequence: undefined,
};

/** The parts of a message that the client was given. */
interface Given {
  readonly hasCalls: boolean;
  /** Nothing that the CLI takes for an answer. */
  readonly isBlank: boolean;
  /** Any call, the CLI's own included. */
  readonly isCalling: boolean;
}

/** The end of the answer at the end of a call that the CLI would go on from by itself; undefined for another call. */
function toCut({ stopReason, stopSequence }: ApiCall, { hasCalls, isBlank, isCalling }: Given): AnswerEnd | undefined {
  const isAskedAgain = ASKED_AGAIN_REASONS.includes(stopReason) && isBlank;
  // The CLI would run a call that is not whole, and tell the model of its failure.
  const isCallTorn = stopReason === "stop_sequence" && hasCalls;
  if (isAskedAgain || isCallTorn) return { finish: "stop", state: "cut", stopSequence };
  const finish = CUT_REASONS.get(stopReason);
  // With a refused turn in its history, the API would refuse those that follow too.
  const isWhole = finish === "length" && !isBlank && !isCalling;
  return finish && { finish, state: "cut", isWindowFull: stopReason === WINDOW_FULL, isWhole };
}

/** Makes the reader of one answer's calls. */
export function createApiCalls(options: ApiCallsOptions): ApiCalls {
  const { draft, blocks, isForced, isStructured, onEnd } = options;
  const meter = createUsageMeter();
  let current: ApiCall = { ...NOT_BEGUN };

  const hasCalls = (): boolean => draft.state.calls > 0;

  function retract(): void {
    draft.retract();
    blocks.retract();
    current = { ...current, isOpen: false, length: 0 };
  }

  function read(event: ApiEvent): AnswerEnd | undefined {
    switch (event.type) {
      case "message_start":
        // The CLI has the model go on from there in words of its own (P74).
        if (current.isBroken && current.length > 0) throw createIncompleteError("the API broke off in mid-stream");
        if (current.isOpen) retract();
        draft.beginCall(event.model, toInputUsage(event.usage));
        meter.start(event.usage);
        blocks.reset();
        current = { ...NOT_BEGUN, isOpen: true };
        return undefined;
      case "message_delta": {
        meter.end(event.usage);
        onEnd();
        const { stopReason, stopSequence } = event;
        current = { ...current, isOpen: false, stopReason, stopSequence };
        const { isBlank, isCalling } = blocks;
        return toCut(current, { hasCalls: hasCalls(), isBlank: isBlank && !isStructured, isCalling });
      }
      case "message_stop": {
        current.isBroken = current.stopReason === "";
        const isHeld = current.stopReason === "tool_use" && hasCalls() && !isForced;
        return isHeld ? { finish: "tool_calls", state: "held" } : undefined;
      }
      default: {
        blocks.read(event);
        if ("text" in event && event.type !== "signature") current.length += event.text.length;
        const { metStop } = draft.state;
        return metStop === undefined ? undefined : { finish: "stop", state: "cut", stopSequence: metStop };
      }
    }
  }

  return {
    read,
    retract,
    get isOpen() {
      return current.isOpen;
    },
    get stopSequence() {
      return current.stopSequence;
    },
    get usage() {
      return current.isOpen ? meter.estimate(current.length) : meter.total;
    },
  };
}
