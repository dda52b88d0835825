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
  readonly model: string;
  /** Calls made. */
  readonly calls: number;
  /** The stop sequence that the text has met, if any. */
  readonly metStop: string | undefined;
}

/** The answer so far. Events are taken in the order in which they were added. */
export interface Draft {
  readonly state: DraftState;
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

/** The text that the client is shown. */
interface ShownText {
  /** That of the API calls that are over. */
  readonly settled: string;
  /** The stop sequence that it has met, if any. */
  readonly metStop: string | undefined;
  /** An API call begins: the text of the one before stands. */
  settle(): void;
  push(delta: string): void;
  /** Shows what was held back, because a stop sequence might have begun there. */
  end(): void;
  /** Forgets the text of the running API call. */
  retract(): void;
}

function createText(stop: readonly string[], emit: (event: TurnEvent) => void): ShownText {
  let cutter = createStopCutter(stop);
  let settled = "";
  let running = "";
  let metStop: string | undefined;

  function show(text: string): void {
    if (text === "") return;
    running += text;
    emit({ type: "text", text });
  }

  return {
    get settled() {
      return settled;
    },
    get metStop() {
      return metStop;
    },
    settle() {
      settled += running;
      running = "";
    },
    push(delta) {
      const isNewRound = settled !== "" && running === "";
      const { text, met } = cutter.push(isNewRound ? ROUND_BREAK + delta : delta);
      show(text);
      metStop = met;
    },
    end: () => show(cutter.end()),
    retract() {
      cutter = createStopCutter(stop);
      running = "";
    },
  };
}

/** The tool calls that the client is shown. */
interface Calls {
  readonly count: number;
  /** Shows a call and gives the sink for its arguments. */
  begin(id: string, name: string): Sink;
  /** Ends the last call. One without arguments streams none; clients parse them, so they get an empty object. */
  complete(): void;
  /** Forgets all calls, the last one unended. */
  retract(): void;
}

function createCalls(emit: (event: TurnEvent) => void): Calls {
  let count = 0;
  /** The last call, while it has no arguments. */
  let bare: number | undefined;
  return {
    get count() {
      return count;
    },
    begin(id, name) {
      const index = count++;
      emit({ type: "call", index, id, name });
      bare = index;
      return (json) => {
        if (json === "") return;
        bare = undefined;
        emit({ type: "arguments", index, json });
      };
    },
    complete() {
      if (bare !== undefined) emit({ type: "arguments", index: bare, json: "{}" });
      bare = undefined;
    },
    retract() {
      count = 0;
      bare = undefined;
    },
  };
}

/** Makes an empty draft. */
export function createDraft({ stop }: DraftOptions): Draft {
  const text = createText(stop, emit);
  const calls = createCalls(emit);
  let model = "";
  const events = createEventList(() => model);
  /** The running API call has given the client something. */
  let hasShown = false;

  function emit(event: TurnEvent): void {
    hasShown = true;
    events.add(event);
  }

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
    beginCall(next) {
      model ||= next;
      text.settle();
      hasShown = false;
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
    retract() {
      text.retract();
      calls.retract();
      if (!hasShown) return;
      emit({ type: "retract" });
      hasShown = false;
      if (text.settled !== "") emit({ type: "text", text: text.settled });
    },
    done(finish, usage, stopSequence) {
      // After a stop sequence nothing is held back that could still be shown.
      complete();
      emit({ type: "done", finish, ...(stopSequence === undefined ? {} : { stopSequence }), usage });
    },
    take: events.take,
  };
}
