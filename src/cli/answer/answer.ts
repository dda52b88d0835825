/**
 * The CLI's messages of one turn, turned into its events. It decides where the answer ends: the CLI would often go on.
 */
import type { DoneEvent, TurnEvent, Usage } from "../../core/event.ts";
import { createApiCalls } from "./apicall.ts";
import type { AnswerEnd, AnswerState } from "./apicall.ts";
import { createBlocks } from "./block.ts";
import { createDraft } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { createIncompleteError, createPatience, recordCause, toTurnError } from "./failure.ts";
import type { Causes } from "./failure.ts";
import { toSummary } from "./progress.ts";
import type { McpServerState } from "../../core/mcp.ts";
import { isOwnTool } from "../protocol/name.ts";
import type { Structured } from "../request/structured.ts";
import type { ApiEvent, CliMessage, ResultMessage, ToolUse } from "../protocol/message.ts";
import type { ToolResultMessage } from "../protocol/result.ts";

/** The reader of one turn's messages. */
export interface Answer {
  /**
   * Takes the next messages and gives their events; ignores all that follow the end. @throws ProxyError when the turn
   * failed.
   */
  read(messages: readonly CliMessage[]): TurnEvent[];
  readonly state: AnswerState;
  /** True for one that was `cut` where the CLI has all of it: its session can be resumed after it. */
  readonly isWhole: boolean;
}

/** A call to an MCP server, in whole. */
export interface ServerCall {
  /** The API's own. */
  readonly id: string;
  readonly server: string;
  readonly name: string;
  readonly input: unknown;
}

/** Facts of the turn that the reader needs. */
export interface AnswerOptions {
  /** Texts that the answer is cut before; the API's own stop sequences are none of them. */
  readonly stop: readonly string[];
  readonly structured: Structured | undefined;
  readonly tools: ReadonlySet<string>;
  /** The CLI has tools of its own in this turn, and their use is told. */
  readonly hasOwnTools: boolean;
  /** The MCP servers that the request has named: their calls and results are told. */
  readonly servers: ReadonlySet<string>;
  /** Their states; asked for once, when the answer begins. */
  readonly readServers: () => readonly McpServerState[];
  /** The calls to them that the answer before has ended on: their results come in this one. */
  readonly openCalls: readonly ServerCall[];
  /** Milliseconds since the CLI has answered the turn's set-up; 0 before. */
  readonly elapsedMs: () => number;
}

function showProgress(uses: readonly ToolUse[], draft: Draft): void {
  for (const { name, input } of uses) if (isOwnTool(name)) draft.progress(name, toSummary(name, input));
}

/** Tells the calls that the answer before has ended on, each with its result. */
function createLateCalls(draft: Draft, calls: readonly ServerCall[]) {
  const open = new Map(calls.map((call) => [call.id, call]));
  let results: ToolResultMessage[] = [];
  return {
    /** Keeps a result until the answer has begun; false for that of another call. */
    take(message: ToolResultMessage): boolean {
      if (open.has(message.id)) results.push(message);
      return open.has(message.id);
    },
    /** Called once an API call has begun: an answer begins with its model. */
    tell(): void {
      for (const { id, content, isError } of results) {
        const call = open.get(id);
        if (call) draft.mcpCall(call)(JSON.stringify(call.input ?? {}));
        draft.mcpResult({ type: "mcp_result", id, content, isError });
        open.delete(id);
      }
      results = [];
    },
  };
}

function toDone({ finish, stopSequence, isWindowFull }: AnswerEnd, usage: Usage): Omit<DoneEvent, "type"> {
  return {
    finish,
    ...(stopSequence === undefined ? {} : { stopSequence }),
    ...(isWindowFull ? { isWindowFull } : {}),
    usage,
  };
}

/** Makes the reader for one turn. */
export function createAnswer(options: AnswerOptions): Answer {
  const { structured } = options;
  const draft = createDraft(options);
  const late = createLateCalls(draft, options.openCalls);
  const blocks = createBlocks({ ...options, draft });
  const isStructured = structured !== undefined;
  const isForced = isStructured && structured.type !== "json";
  const patience = createPatience(options.elapsedMs);
  const calls = createApiCalls({ draft, blocks, isForced, isStructured, onEnd: patience.renew });
  const causes: Causes = {};
  let state: AnswerState = "open";
  let isWhole = false;

  function finish(end: AnswerEnd): void {
    draft.done(toDone(end, calls.usage));
    state = end.state === "cut" || blocks.isFaithful ? end.state : "diverged";
    isWhole = end.isWhole === true && blocks.isFaithful;
  }

  function readApi(event: ApiEvent): void {
    const end = calls.read(event);
    if (event.type === "message_start") late.tell();
    if (end) finish(end);
  }

  function readResult(result: ResultMessage): void {
    if (result.isError) throw toTurnError(result, causes.failure, causes.limit);
    if (calls.isOpen || draft.state.model === "") throw createIncompleteError("the CLI did not tell all of it");
    if (structured && !blocks.completeStructured())
      throw createIncompleteError("the model gave no output that fits the schema");
    if (isForced) finish({ finish: "tool_calls", state: "diverged" });
    else finish({ finish: "stop", state: "finished", stopSequence: calls.stopSequence });
  }

  function readToolResult(message: ToolResultMessage): void {
    const { id, content, isError } = message;
    // The structure did not fit the schema; the CLI has the model try again.
    if (isError && id === blocks.structuredId) calls.retract();
    else if (!late.take(message)) draft.mcpResult({ type: "mcp_result", id, content, isError });
  }

  function readOne(message: CliMessage): void {
    if (message.type === "retry") patience.check(message, causes.limit);
    if (message.type === "api") readApi(message.event);
    else if (message.type === "result") readResult(message);
    // Between two rounds of tools nothing is under way: what the rounds before gave stands.
    else if (message.type === "retry" && calls.isOpen) calls.retract();
    else if (message.type === "assistant" && options.hasOwnTools) showProgress(message.uses, draft);
    else if (message.type === "tool_result") readToolResult(message);
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
    get isWhole() {
      return isWhole;
    },
  };
}
