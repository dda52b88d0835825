/** The protocol engine over one CLI process: lines to messages, control requests and their answers, one end for all. */
import { spellJson } from "../../lib/spell.ts";
import type { JsonObject } from "../../lib/json.ts";
import { ProxyError } from "../../core/error.ts";
import { startProcess } from "../process/process.ts";
import type { Command, Ending } from "../process/process.ts";
import { toTraceLine } from "./mcp.ts";
import { readMessage } from "./message.ts";
import type { CliMessage, ControlMessage, TurnMessage } from "./message.ts";

/** Calls `respond` once with the answer to a control request. @throws Error for one it cannot answer. */
export type AnswerRequest = (request: JsonObject, respond: (response: JsonObject) => void) => void;

/** The process to start, and the listener for its requests. */
export interface ChannelOptions {
  readonly command: Command;
  /** Answers a control request of the CLI's, at once or later. A throw is answered as an error. */
  readonly answer: AnswerRequest;
  /** Told of every other message as soon as its line is read, in order; `size` is the line's, in UTF-16 units. */
  readonly onMessage: (message: TurnMessage, size: number) => void;
  /**
   * Called once when the process ends, or can no longer be understood, without having been closed. It is then ended.
   */
  readonly onLost: (error: CliEndedError) => void;
  /** Called with each line as it was read and written, for a trace; configurations of servers are left out. */
  readonly trace?: (line: string) => void;
}

/** Messages to and from one process. */
export interface Channel {
  readonly pid: number | undefined;
  /** Settles when the process is gone; never rejects. */
  readonly gone: Promise<void>;
  /** The time of the last line, by `performance.now()`; 0 before the first. */
  readonly lastLineAt: number;
  /** Sends a control request. @throws ProxyError when the CLI refuses it, ends, or is closed before it has answered. */
  request(payload: JsonObject): Promise<JsonObject>;
  /** Sends any other message; ignored once the process has ended. */
  send(message: JsonObject): void;
  /** Stops reading, so that a full pipe slows the CLI, until `resume`. */
  pause(): void;
  resume(): void;
  /**
   * Ends the process; of what it still says only the plan's limits are heard. Safe to call twice: the first call
   * decides how.
   */
  close(ending: Ending): Promise<void>;
}

interface Pending {
  readonly resolve: (response: JsonObject) => void;
  readonly reject: (error: Error) => void;
}

/** Control requests of ours, each with the promise of its answer. */
interface Requests {
  send(payload: JsonObject): Promise<JsonObject>;
  settle(answer: ControlMessage & { type: "control_response" }): void;
  /** Rejects all that are pending. */
  fail(error: ProxyError): void;
}

function createRequests(write: (message: JsonObject) => void): Requests {
  const pending = new Map<string, Pending>();
  let count = 0;
  return {
    send(payload) {
      const id = `r${++count}`;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        write({ type: "control_request", request_id: id, request: payload });
      });
    },
    settle({ id, response, error }) {
      const waiter = pending.get(id);
      pending.delete(id);
      if (response) waiter?.resolve(response);
      else waiter?.reject(new ProxyError("bad_gateway", `Cannot set up turn: the CLI answered ${error}`));
    },
    fail(error) {
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    },
  };
}

/** The CLI went away in mid-turn, for whatever cause. */
export class CliEndedError extends ProxyError {
  constructor(cause: string) {
    super("bad_gateway", "Cannot finish answer: the claude process ended unexpectedly", { cause });
  }
}

/** Thrown to whoever waits for a process that this program ends by its own will. */
export function toClosedError(): ProxyError {
  return new ProxyError("unavailable", "Cannot finish answer: its claude process was closed");
}

/** The name of the message that tells of the plan. */
const REPORT = "rate_limit_event";

/** Undefined for a line that is not JSON. */
function toMessage(line: string): CliMessage | undefined {
  try {
    return readMessage(line);
  } catch {
    return undefined;
  }
}

/** Starts a CLI and speaks its protocol. @throws ProxyError `unavailable` when no process can be started. */
export function openChannel(options: ChannelOptions): Channel {
  const requests = createRequests(send);
  let lastLineAt = 0;
  /** Set once, by whatever ends the channel; nothing is sent after that, and only the plan's limits are heard. */
  let end: ProxyError | undefined;

  function endWith(error: ProxyError): void {
    end ??= error;
    requests.fail(end);
  }

  function lose(cause: string, error: ProxyError = new CliEndedError(cause)): void {
    if (end) return;
    endWith(error);
    void cli.stop("term");
    options.onLost(error);
  }

  function send(message: JsonObject): void {
    if (end) return;
    options.trace?.(toTraceLine(JSON.stringify(message)));
    cli.write(spellJson(message));
  }

  function answer({ id, request }: ControlMessage & { type: "control_request" }): void {
    const respond = (response: JsonObject): void =>
      send({ type: "control_response", response: { ...response, request_id: id } });
    try {
      options.answer(request, (response) => respond({ subtype: "success", response }));
    } catch (error) {
      respond({ subtype: "error", error: error instanceof Error ? error.message : "failed" });
    }
  }

  /** The report on an answer's API call comes when that answer may have been cut already. */
  function hearLast(line: string): void {
    if (!line.includes(REPORT)) return;
    const message = toMessage(line);
    if (message?.type === "rate_limit") options.onMessage(message, line.length);
  }

  function receive(line: string): void {
    if (end) return hearLast(line);
    lastLineAt = performance.now();
    options.trace?.(toTraceLine(line));
    const message = toMessage(line);
    if (!message) return lose("wrote a line that is not JSON");
    if (message.type === "control_response") requests.settle(message);
    else if (message.type === "control_request") answer(message);
    else if (message.type !== "other") options.onMessage(message, line.length);
  }

  const cli = startProcess(options.command, { onLine: receive, onEnd: lose });

  return {
    pid: cli.pid,
    gone: cli.gone,
    get lastLineAt() {
      return lastLineAt;
    },
    request: (payload) => (end ? Promise.reject(end) : requests.send(payload)),
    send,
    pause: cli.pause,
    resume: cli.resume,
    close(ending) {
      endWith(toClosedError());
      return cli.stop(ending);
    },
  };
}
