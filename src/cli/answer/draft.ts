/** The answer as the client is being shown it: text, thinking and calls, and which of them still stand. */
import type { FinishReason, TurnEvent, Usage } from "../../core/event.ts";
import { createStopCutter } from "../../core/stop.ts";

/** Takes the deltas of one content block. */
export type Sink = (delta: string) => void;

/** The turn's settings that shape its draft. */
export interface DraftOptions {
  readonly stop: readonly string[];
}

/** The answer so far. */
export interface DraftState {
  /** The model that answers; empty before it has begun. */
  model: string;
  /** Text of the API calls that are over, and of the running one. */
  settled: string;
  running: string;
  /** Calls made. */
  calls: number;
  /** The stop sequence that the text has met, if any. */
  metStop: string | undefined;
}

/** The answer so far. Events are taken in the order in which they were added. */
export interface Draft {
  readonly state: Readonly<DraftState>;
  /** An API call begins: the text of the one before stands. */
  beginCall(model: string): void;
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
  /** Voids text, thinking and calls of the running API call; the rounds before it stand. */
  retract(): void;
  /** Ends the answer. */
  done(finish: FinishReason, usage: Usage, stopSequence?: string): void;
  /** Gives the events since the last take. */
  take(): TurnEvent[];
}

const ROUND_BREAK = "\n\n";

/** Events that wait to be taken; the first of all is `start`. */
function createEventList(readModel: () => string): { add(event: TurnEvent): void; take(): TurnEvent[] } {
  let events: TurnEvent[] = [];
  let hasStarted = false;
  return {
    add(event) {
      if (!hasStarted) events.push({ type: "start", model: readModel() });
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

/** Makes an empty draft. */
export function createDraft({ stop }: DraftOptions): Draft {
  const state: DraftState = { model: "", settled: "", running: "", calls: 0, metStop: undefined };
  const events = createEventList(() => state.model);
  let cutter = createStopCutter(stop);
  /** The running API call has given the client something. */
  let hasShown = false;
  /** The last call, while it has no arguments. */
  let bareCall: number | undefined;

  function emit(event: TurnEvent): void {
    hasShown = true;
    events.add(event);
  }

  function show(text: string): void {
    if (text === "") return;
    state.running += text;
    emit({ type: "text", text });
  }

  /** Ends what was begun. A call without arguments streams none; clients parse them, so they get an empty object. */
  function complete(): void {
    show(cutter.end());
    if (bareCall !== undefined) emit({ type: "arguments", index: bareCall, json: "{}" });
    bareCall = undefined;
  }

  return {
    state,
    beginCall(model) {
      state.model ||= model;
      state.settled += state.running;
      state.running = "";
      hasShown = false;
    },
    text(delta) {
      const isNewRound = state.settled !== "" && state.running === "";
      const { text, met } = cutter.push(isNewRound ? ROUND_BREAK + delta : delta);
      show(text);
      state.metStop = met;
    },
    thinking: (text) => text !== "" && emit({ type: "thinking", text }),
    signature: (signature) => signature !== "" && emit({ type: "signature", signature }),
    redacted: (data) => emit({ type: "redacted", data }),
    progress: (tool, summary) => emit({ type: "progress", tool, summary }),
    call(id, name) {
      complete();
      const index = state.calls++;
      emit({ type: "call", index, id, name });
      bareCall = index;
      return (json) => {
        if (json === "") return;
        bareCall = undefined;
        emit({ type: "arguments", index, json });
      };
    },
    retract() {
      cutter = createStopCutter(stop);
      bareCall = undefined;
      Object.assign(state, { running: "", calls: 0 });
      if (!hasShown) return;
      emit({ type: "retract" });
      hasShown = false;
      if (state.settled !== "") emit({ type: "text", text: state.settled });
    },
    done(finish, usage, stopSequence) {
      // After a stop sequence nothing is held back that could still be shown.
      complete();
      emit({ type: "done", finish, ...(stopSequence === undefined ? {} : { stopSequence }), usage });
    },
    take: events.take,
  };
}
