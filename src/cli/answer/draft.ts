/** The answer as the client is being shown it: text, thinking and calls, and which of them still stand. */
import type { DoneEvent, InputUsage, McpResult, TurnEvent } from "../../core/event.ts";
import type { McpServerState } from "../../core/mcp.ts";
import { createStopCutter } from "../../core/stop.ts";
import { createStanding } from "./standing.ts";
import type { Standing } from "./standing.ts";

/** Takes the deltas of one content block. */
export type Sink = (delta: string) => void;

/** The turn's settings that shape its draft. */
export interface DraftOptions {
  readonly stop: readonly string[];
  /** The states of the MCP servers that the request has named. */
  readonly readServers: () => readonly McpServerState[];
}

/** The answer so far. */
export interface DraftState {
  /** The model that answers; empty before it has begun. */
  readonly model: string;
  /** Calls made. */
  readonly calls: number;
  /** The stop sequence that the text has met, if any. */
  readonly metStop: string | undefined;
}

/** A call to an MCP server; `id` is the API's own. */
export interface McpCall {
  readonly id: string;
  readonly server: string;
  readonly name: string;
}

/** The answer so far. Events are taken in the order in which they were added. */
export interface Draft {
  readonly state: DraftState;
  /** An API call begins: the text of the one before stands. `usage` is its input, if that is known yet. */
  beginCall(model: string, usage: InputUsage | undefined): void;
  /** Adds text. When it meets a stop sequence, `metStop` is set, and nothing may follow. */
  text(delta: string): void;
  thinking(delta: string): void;
  /** Ends a block of thinking. */
  signature(signature: string): void;
  /** Adds a block of thinking that is not shown. */
  redacted(data: string): void;
  /** Tells of a tool of the CLI's own that begins to run. */
  progress(tool: string, summary: string): void;
  /** Adds a call and gives the sink for its arguments. */
  call(id: string, name: string): Sink;
  /** The same for a call to an MCP server, whose result is to follow. */
  mcpCall(call: McpCall): Sink;
  /** Adds the result of a call to an MCP server; ignores those of other calls. */
  mcpResult(result: McpResult): void;
  /**
   * Voids what the running API call has told. Texts and MCP calls of the rounds before are told again; their thinking
   * is not.
   */
  retract(): void;
  /** Ends the answer. */
  done(end: Omit<DoneEvent, "type">): void;
  /** Gives the events since the last take. */
  take(): TurnEvent[];
}

const ROUND_BREAK = "\n\n";

/** Events that wait to be taken; the first of all are those that `toFirst` gives. */
function createEventList(toFirst: () => TurnEvent[]): { add(event: TurnEvent): void; take(): TurnEvent[] } {
  let events: TurnEvent[] = [];
  let hasStarted = false;
  return {
    add(event) {
      if (!hasStarted) events.push(...toFirst());
      hasStarted = true;
      events.push(event);
    },
    take() {
      const taken = events;
      events = [];
      return taken;
    },
  };
}

/** The text that the client is shown. */
interface ShownText {
  /** The stop sequence that it has met, if any. */
  readonly metStop: string | undefined;
  push(delta: string): void;
  /** Shows what was held back, because a stop sequence might have begun there. */
  end(): void;
  /** Forgets the text of the running API call. */
  retract(): void;
}

function createText(stop: readonly string[], standing: Standing, emit: (event: TurnEvent) => void): ShownText {
  let cutter = createStopCutter(stop);
  let metStop: string | undefined;

  function show(text: string): void {
    if (text !== "") emit({ type: "text", text });
  }

  return {
    get metStop() {
      return metStop;
    },
    push(delta) {
      const { text, met } = cutter.push(standing.isNewRound ? ROUND_BREAK + delta : delta);
      show(text);
      metStop = met;
    },
    end: () => show(cutter.end()),
    retract: () => void (cutter = createStopCutter(stop)),
  };
}

/** The tool calls that the client is shown. */
interface Calls {
  /** Number of those of the client's tools. */
  readonly count: number;
  /** Shows a call and gives the sink for its arguments. */
  begin(id: string, name: string): Sink;
  /** The same for a call to an MCP server. */
  beginMcp(call: McpCall): Sink;
  /** Ends the last call. One without arguments streams none; clients parse them, so they get an empty object. */
  complete(): void;
  /** Forgets all calls, the last one unended. */
  retract(): void;
}

function createCalls(emit: (event: TurnEvent) => void): Calls {
  let count = 0;
  /** Adds the arguments of the last call, while it has none. */
  let completeLast: (() => void) | undefined;

  function toSink(toEvent: (json: string) => TurnEvent): Sink {
    completeLast = () => emit(toEvent("{}"));
    return (json) => {
      if (json === "") return;
      completeLast = undefined;
      emit(toEvent(json));
    };
  }

  return {
    get count() {
      return count;
    },
    begin(id, name) {
      const index = count++;
      emit({ type: "call", index, id, name });
      return toSink((json) => ({ type: "arguments", index, json }));
    },
    beginMcp({ id, server, name }) {
      emit({ type: "mcp_call", id, server, name });
      return toSink((json) => ({ type: "mcp_arguments", id, json }));
    },
    complete() {
      completeLast?.();
      completeLast = undefined;
    },
    retract() {
      count = 0;
      completeLast = undefined;
    },
  };
}

/** The events of an answer, those to be taken and those that stand. */
function createTelling(toFirst: () => TurnEvent[]) {
  const standing = createStanding();
  const events = createEventList(toFirst);
  /** The running API call has given the client something. */
  let hasShown = false;
  return {
    standing,
    take: events.take,
    emit(event: TurnEvent): void {
      hasShown = true;
      standing.add(event);
      events.add(event);
    },
    /** An API call begins: what the ones before have told stands. */
    settle(): void {
      standing.settle();
      hasShown = false;
    },
    /** Voids what the running API call has told. */
    retract(): void {
      standing.retract();
      if (!hasShown) return;
      hasShown = false;
      for (const event of [{ type: "retract" } as const, ...standing.settled]) events.add(event);
    },
  };
}

/** The events that an answer begins with. */
function toHead(model: string, usage: InputUsage | undefined, servers: readonly McpServerState[]): TurnEvent[] {
  const start = { type: "start", model, ...(usage ? { usage } : {}) } as const;
  return servers.length === 0 ? [start] : [start, { type: "mcp_servers", servers }];
}

/** Makes an empty draft. */
export function createDraft({ stop, readServers }: DraftOptions): Draft {
  const { standing, emit, settle, retract, take } = createTelling(() => toHead(model, input, readServers()));
  const text = createText(stop, standing, emit);
  const calls = createCalls(emit);
  let model = "";
  let input: InputUsage | undefined;

  function complete(): void {
    text.end();
    calls.complete();
  }

  return {
    state: {
      get model() {
        return model;
      },
      get calls() {
        return calls.count;
      },
      get metStop() {
        return text.metStop;
      },
    },
    beginCall(next, usage) {
      model ||= next;
      input = usage;
      settle();
    },
    text: text.push,
    thinking: (delta) => delta !== "" && emit({ type: "thinking", text: delta }),
    signature: (signature) => signature !== "" && emit({ type: "signature", signature }),
    redacted: (data) => emit({ type: "redacted", data }),
    progress: (tool, summary) => emit({ type: "progress", tool, summary }),
    call(id, name) {
      complete();
      return calls.begin(id, name);
    },
    mcpCall(call) {
      complete();
      return calls.beginMcp(call);
    },
    mcpResult(result) {
      if (!standing.isOpen(result.id)) return;
      complete();
      emit(result);
    },
    retract() {
      text.retract();
      calls.retract();
      retract();
    },
    done(end) {
      // After a stop sequence nothing is held back that could still be shown.
      complete();
      emit({ type: "done", ...end });
    },
    take,
  };
}
