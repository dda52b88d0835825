/**
 * The CLI's messages of one turn, turned into its events. It decides where the answer ends: the CLI would often go on.
 */
import { ProxyError } from "../../core/error.ts";
import type { TurnEvent } from "../../core/event.ts";
import { createApiCalls } from "./apicall.ts";
import type { AnswerEnd, AnswerState } from "./apicall.ts";
import { createBlocks } from "./block.ts";
import { createDraft } from "./draft.ts";
import type { Draft, DraftState } from "./draft.ts";
import { createPatience, recordCause, toTurnError } from "./failure.ts";
import type { Causes } from "./failure.ts";
import { toSummary } from "./progress.ts";
import { isOwnTool } from "../protocol/name.ts";
import type { Structured } from "../request/structured.ts";
import type { ApiEvent, CliMessage, ResultMessage, ToolUse } from "../protocol/message.ts";

/** The reader of one turn's messages. */
export interface Answer {
  /**
   * Takes the next messages and gives their events; ignores all that follow the end. @throws ProxyError when the turn
   * failed.
   */
  read(messages: readonly CliMessage[]): TurnEvent[];
  readonly state: AnswerState;
  readonly draft: DraftState;
}

/** Facts of the turn that the reader needs. */
export interface AnswerOptions {
  /** Texts that the answer is cut before; the API's own stop sequences are none of them. */
  readonly stop: readonly string[];
  readonly structured: Structured | undefined;
  readonly tools: ReadonlySet<string>;
  /** The CLI has tools of its own in this turn, and their use is told. */
  readonly hasOwnTools: boolean;
  /** Milliseconds since the turn began. */
  readonly elapsedMs: () => number;
}

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
  const blocks = createBlocks({ structured, tools, draft });
  const isForced = structured !== undefined && structured.type !== "json";
  const patience = createPatience(options.elapsedMs);
  const calls = createApiCalls({
    draft,
    blocks,
    isForced,
    isStructured: structured !== undefined,
    onEnd: patience.renew,
  });
  const causes: Causes = {};
  let state: AnswerState = "open";

  function finish({ finish: reason, state: next, stopSequence }: AnswerEnd): void {
    draft.done(reason, calls.usage, stopSequence);
    state = next === "cut" || blocks.isFaithful ? next : "diverged";
  }

  function readApi(event: ApiEvent): void {
    const end = calls.read(event);
    if (end) finish(end);
  }

  function readResult(result: ResultMessage): void {
    if (result.isError) throw toTurnError(result, causes.failure, causes.limit);
    if (calls.isOpen || draft.state.model === "") throw incomplete("the CLI did not tell all of it");
    if (structured && !blocks.completeStructured()) throw incomplete("the model gave no output that fits the schema");
    if (isForced) finish({ finish: "tool_calls", state: "diverged" });
    else finish({ finish: "stop", state: "finished", stopSequence: calls.stopSequence });
  }

  function readOne(message: CliMessage): void {
    if (message.type === "retry") patience.check(message, causes.limit);
    if (message.type === "api") readApi(message.event);
    else if (message.type === "result") readResult(message);
    // Between two rounds of tools nothing is under way: what the rounds before gave stands.
    else if (message.type === "retry" && calls.isOpen) calls.retract();
    else if (message.type === "assistant" && options.hasOwnTools) showProgress(message.uses, draft);
    // The structure did not fit the schema; the CLI has the model try again.
    else if (message.type === "tool_result" && message.isError && message.id === blocks.structuredId) calls.retract();
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
