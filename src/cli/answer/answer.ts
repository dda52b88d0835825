/** The CLI's messages of one turn, turned into its events. It decides where the answer ends: the CLI would often go on. */
import { ProxyError } from "../../core/error.ts";
import type { FinishReason, TurnEvent } from "../../core/event.ts";
import { createBlocks } from "./block.ts";
import { createDraft } from "./draft.ts";
import type { Draft, DraftState } from "./draft.ts";
import { createPatience, recordCause, toTurnError } from "./failure.ts";
import type { Causes } from "./failure.ts";
import { toSummary } from "./progress.ts";
import { isOwnTool } from "../protocol/name.ts";
import type { Structured } from "../request/structured.ts";
import { createUsageMeter } from "./usage.ts";
import type { ApiEvent, CliMessage, ResultMessage, ToolUse } from "../protocol/message.ts";

/**
 * The state of an answer: `open` goes on; `finished` leaves a process that can take the next turn; `held` leaves it waiting
 * for tool results; `cut` leaves it with something the client has not seen: in the middle of it, or in its memory.
 */
export type AnswerState = "open" | "finished" | "held" | "cut";

export interface Answer {
  /** Takes the next messages and gives their events; ignores all that follow the end. @throws ProxyError when the turn failed. */
  read(messages: readonly CliMessage[]): TurnEvent[];
  readonly state: AnswerState;
  readonly draft: Readonly<DraftState>;
}

export interface AnswerOptions {
  readonly stop: readonly string[];
  readonly structured: Structured | undefined;
  readonly tools: ReadonlySet<string>;
  /** The CLI has tools of its own in this turn, and their use is told. */
  readonly hasOwnTools: boolean;
  readonly parallelCalls: boolean;
  /** Milliseconds since the turn began. */
  readonly elapsedMs: () => number;
}

/** Reasons at which the CLI would start another API call of its own to go on, and the answer is to end instead. */
const CUT_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["refusal", "content_filter"],
]);

function showProgress(uses: readonly ToolUse[], draft: Draft): void {
  for (const { name, input } of uses) if (isOwnTool(name)) draft.progress(name, toSummary(name, input));
}

/** The CLI takes an answer for a success that is not one here. */
function incomplete(cause: string): ProxyError {
  return new ProxyError("bad_gateway", `Cannot finish answer: ${cause}`);
}

/** Makes the reader for one turn. */
export function createAnswer(options: AnswerOptions): Answer {
  const { structured, tools } = options;
  const draft = createDraft(options);
  const meter = createUsageMeter();
  const blocks = createBlocks({ structured, tools, draft });
  const isForced = structured !== undefined && structured.type !== "json";
  let state: AnswerState = "open";
  /** An API call has begun and its end was not announced: what comes next begins it anew. */
  let isUnsettled = false;
  let stopReason = "";
  const causes: Causes = {};
  const patience = createPatience(options.elapsedMs);

  function finish(reason: FinishReason, next: AnswerState, stopSequence?: string): void {
    draft.done(reason, isUnsettled ? meter.estimate(draft.state.running) : meter.total, stopSequence);
    state = blocks.isFaithful ? next : "cut";
  }

  function retract(): void {
    draft.retract();
    blocks.retract();
    isUnsettled = false;
  }

  function readApi(event: ApiEvent): void {
    switch (event.type) {
      case "message_start":
        if (isUnsettled) retract();
        draft.beginCall(event.model);
        meter.start(event.usage);
        blocks.reset();
        isUnsettled = true;
        stopReason = "";
        break;
      case "message_delta": {
        meter.end(event.usage);
        isUnsettled = false;
        patience.renew();
        stopReason = event.stopReason;
        const cut = CUT_REASONS.get(stopReason);
        if (cut) finish(cut, "cut");
        break;
      }
      case "message_stop":
        if (stopReason === "tool_use" && draft.state.calls > 0 && !isForced) finish("tool_calls", "held");
        break;
      default:
        blocks.read(event);
        if (draft.state.metStop !== undefined) finish("stop", "cut", draft.state.metStop);
    }
  }

  function readResult(result: ResultMessage): void {
    if (result.isError) throw toTurnError(result, causes.failure, causes.limit);
    if (isUnsettled || draft.state.model === "") throw incomplete("the CLI did not tell all of it");
    if (structured && !blocks.completeStructured()) throw incomplete("the model gave no output that fits the schema");
    finish(isForced ? "tool_calls" : "stop", isForced ? "cut" : "finished");
  }

  function readOne(message: CliMessage): void {
    if (message.type === "retry") patience.check(message, causes.limit);
    if (message.type === "api") readApi(message.event);
    else if (message.type === "result") readResult(message);
    // Between two rounds of tools nothing is under way: what the rounds before gave stands.
    else if (message.type === "retry" && isUnsettled) retract();
    else if (message.type === "assistant" && options.hasOwnTools) showProgress(message.uses, draft);
    // The structure did not fit the schema; the CLI has the model try again.
    else if (message.type === "tool_result" && message.isError && message.id === blocks.structuredId) retract();
    else recordCause(causes, message);
  }

  return {
    read(messages) {
      for (const message of messages) if (state === "open") readOne(message);
      return draft.take();
    },
    get state() {
      return state;
    },
    draft: draft.state,
  };
}
