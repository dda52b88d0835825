/** The CLI's messages of one turn, turned into its events. It decides where the answer ends: the CLI would often go on. */
import { ProxyError } from "../core/error.ts";
import type { FinishReason, TurnEvent } from "../core/event.ts";
import { createStopCutter } from "../core/stop.ts";
import { toCallId } from "../core/turn.ts";
import { parseJson } from "../lib/json.ts";
import { TOOL_SERVER } from "./args.ts";
import { toRetryError, toTurnError } from "./failure.ts";
import type { FailureMessage, LimitMessage } from "./failure.ts";
import type { Structure } from "./structure.ts";
import { toForcedCalls } from "./structure.ts";
import { createUsageMeter } from "./usage.ts";
import type { ApiEvent, CliMessage, ResultMessage } from "./wire.ts";

/** A call the model made that the client is shown later, since it asked for one at a time. */
export interface DeferredCall {
  readonly id: string;
  readonly name: string;
  json: string;
}

/**
 * How the turn stands: `open` goes on; `finished` leaves a process that can take the next turn; `held` leaves it waiting
 * for tool results; `cut` leaves it in the middle of something the client is not to see.
 */
export type OutputState = "open" | "finished" | "held" | "cut";

export interface Output {
  /** Takes the next messages and gives their events. What follows the end is ignored. @throws ProxyError when the turn failed. */
  read(messages: readonly CliMessage[]): TurnEvent[];
  readonly state: OutputState;
  /** False when the CLI remembers text that the client was not shown. */
  readonly isFaithful: boolean;
  readonly deferred: readonly DeferredCall[];
  readonly model: string;
}

export interface OutputOptions {
  readonly stop: readonly string[];
  readonly structure: Structure | undefined;
  readonly tools: ReadonlySet<string>;
  readonly parallelCalls: boolean;
  /** Milliseconds since the turn began. */
  readonly elapsedMs: () => number;
}

type Sink = (delta: string) => void;

/** Where the CLI would start another API call of its own to go on, and the answer is to end instead. */
const CUT_REASONS: Readonly<Record<string, FinishReason>> = {
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content_filter",
};

const TOOL_PREFIX = `mcp__${TOOL_SERVER}__`;
const STRUCTURED_TOOL = "StructuredOutput";
const ROUND_BREAK = "\n\n";

/** Makes the reader for one turn. */
export function createOutput(options: OutputOptions): Output {
  const { structure, tools } = options;
  const isForced = structure !== undefined && structure.type !== "json";
  const meter = createUsageMeter();
  const deferred: DeferredCall[] = [];
  let sinks = new Map<number, Sink>();
  let cutter = createStopCutter(options.stop);
  let events: TurnEvent[] = [];
  let state: OutputState = "open";
  let model = "";
  let isFaithful = true;
  let hasStarted = false;
  /** An API call has begun and its end was not announced: what comes next begins it anew. */
  let isUnsettled = false;
  /** The running API call has given the client something. */
  let hasShown = false;
  let calls = 0;
  let bareCall: number | undefined;
  let stopReason = "";
  /** Text of rounds that are over, and of the running one. */
  let settled = "";
  let running = "";
  let structuredId = "";
  let structured = "";
  let failure: FailureMessage | undefined;
  let limit: LimitMessage | undefined;

  function emit(event: TurnEvent): void {
    if (!hasStarted) events.push({ type: "start", model });
    hasStarted = true;
    hasShown = true;
    events.push(event);
  }

  function emitText(text: string): void {
    if (text === "") return;
    running += text;
    emit({ type: "text", text });
  }

  /** A call without arguments streams none; clients parse them, so they get an empty object. */
  function completeCall(): void {
    if (bareCall !== undefined) emit({ type: "arguments", index: bareCall, json: "{}" });
    bareCall = undefined;
  }

  function finish(reason: FinishReason, next: OutputState, stopSequence?: string): void {
    const usage = next === "cut" && isUnsettled ? meter.estimate(running) : meter.total;
    if (stopSequence === undefined) emitText(cutter.end());
    completeCall();
    emit({ type: "done", finish: reason, ...(stopSequence === undefined ? {} : { stopSequence }), usage });
    state = next;
  }

  function addText(delta: string): void {
    const { text, met } = cutter.push(delta);
    emitText(text);
    if (met !== undefined) finish("stop", "cut", met);
  }

  /** Voids what the unsettled API call has shown; the rounds before it stand. */
  function retract(): void {
    cutter = createStopCutter(options.stop);
    structured = "";
    isUnsettled = false;
    deferred.length = 0;
    running = "";
    calls = 0;
    bareCall = undefined;
    if (!hasShown) return;
    emit({ type: "retract" });
    hasShown = false;
    if (settled !== "") emit({ type: "text", text: settled });
  }

  function startCall(id: string, name: string): Sink {
    emitText(cutter.end());
    completeCall();
    const index = calls++;
    if (index > 0 && !options.parallelCalls) {
      const call: DeferredCall = { id, name, json: "" };
      deferred.push(call);
      return (delta) => void (call.json += delta);
    }
    emit({ type: "call", index, id, name });
    bareCall = index;
    return (json) => {
      if (json === "") return;
      bareCall = undefined;
      emit({ type: "arguments", index, json });
    };
  }

  function startStructured(id: string): Sink {
    structuredId = id;
    structured = "";
    const collect: Sink = (delta) => void (structured += delta);
    if (structure?.type === "json") {
      return (delta) => {
        collect(delta);
        addText(delta);
      };
    }
    if (structure?.type !== "call") return collect;
    const show = startCall(toCallId(id), structure.name);
    return (delta) => {
      collect(delta);
      show(delta);
    };
  }

  function toTextSink(): Sink | undefined {
    // Beside a structured answer, text is the model thinking aloud; the client asked for the structure alone.
    if (structure) {
      isFaithful = false;
      return undefined;
    }
    if (settled !== "" && running === "") addText(ROUND_BREAK);
    return addText;
  }

  function toSink(event: ApiEvent & { type: "block_start" }): Sink | undefined {
    const { block, id, name } = event;
    if (block === "text") return toTextSink();
    if (block === "thinking") return (text) => text !== "" && emit({ type: "thinking", text });
    if (block !== "tool_use") return undefined;
    if (structure && name === STRUCTURED_TOOL) return startStructured(id);
    // A tool that does not exist is answered by the CLI itself; the client sees nothing of it.
    const bare = name.startsWith(TOOL_PREFIX) ? name.slice(TOOL_PREFIX.length) : "";
    return tools.has(bare) ? startCall(toCallId(id), bare) : undefined;
  }

  function endMessage(reason: string): void {
    isUnsettled = false;
    stopReason = reason;
    const cut = CUT_REASONS[reason];
    if (cut) finish(cut, "cut");
  }

  function readApi(event: ApiEvent): void {
    switch (event.type) {
      case "message_start":
        if (isUnsettled) retract();
        settled += running;
        running = "";
        hasShown = false;
        sinks = new Map();
        isUnsettled = true;
        stopReason = "";
        model ||= event.model;
        meter.start(event.usage);
        break;
      case "block_start": {
        const sink = toSink(event);
        if (sink) sinks.set(event.index, sink);
        break;
      }
      case "text":
      case "thinking":
      case "json":
        sinks.get(event.index)?.(event.text);
        break;
      case "message_delta":
        meter.end(event.usage);
        endMessage(event.stopReason);
        break;
      case "message_stop":
        if (stopReason === "tool_use" && calls > 0 && !isForced) finish("tool_calls", "held");
    }
  }

  function readResult(result: ResultMessage): void {
    if (result.isError) throw toTurnError(result, failure, limit);
    if (!structure) return finish("stop", "finished");
    if (structured === "") throw new ProxyError("bad_gateway", "Cannot finish answer: the model gave no output that fits the schema");
    if (structure.type === "json") return finish("stop", "finished");
    if (structure.type === "calls") {
      for (const { name, input } of toForcedCalls(parseJson(structured))) {
        startCall(toCallId(`${structuredId}${calls}`), name)(JSON.stringify(input));
      }
    }
    finish("tool_calls", "cut");
  }

  function readOne(message: CliMessage): void {
    switch (message.type) {
      case "api":
        return readApi(message.event);
      case "retry": {
        const error = toRetryError(message, options.elapsedMs());
        if (error) throw error;
        return retract();
      }
      case "failure":
        failure = message;
        return;
      case "rate_limit":
        if (message.isRejected) limit = message;
        return;
      case "tool_result":
        // The structure did not fit the schema; the CLI has the model try again.
        if (message.isError && message.id === structuredId) retract();
        return;
      case "result":
        return readResult(message);
    }
  }

  return {
    read(messages) {
      events = [];
      for (const message of messages) if (state === "open") readOne(message);
      return events;
    },
    get state() {
      return state;
    },
    get isFaithful() {
      return isFaithful;
    },
    deferred,
    get model() {
      return model;
    },
  };
}
