/** The protocol engine over one CLI process: control requests and their answers, the queue of messages, one end for all. */
import { createQueue } from "../../lib/queue.ts";
import type { JsonObject } from "../../lib/json.ts";
import { withinSilence } from "../../lib/silence.ts";
import { ProxyError } from "../../core/error.ts";
import { startProcess } from "../process/process.ts";
import type { Command } from "../process/process.ts";
import { readMessage } from "./message.ts";
import type { CliMessage } from "./message.ts";

export type ControlRequest = CliMessage & { type: "control_request" };

/** Calls `respond` once with the answer to a control request. @throws Error for one it cannot answer. */
export type AnswerRequest = (request: JsonObject, respond: (response: JsonObject) => void) => void;

export interface ChannelOptions {
  readonly command: Command;
  /** Answers a control request of the CLI's, at once or later. A throw is answered as an error. */
  readonly answer: AnswerRequest;
  /** Called with each line as it was read and written, for a trace. */
  readonly trace?: (line: string) => void;
}

export interface Channel {
  readonly pid: number | undefined;
  /** False from the moment the process can take no more. */
  readonly isAlive: boolean;
  /** Settles when the process is gone; never rejects. */
  readonly gone: Promise<void>;
  /** Sends a control request. @throws ProxyError when the CLI refuses it or ends. */
  request(payload: JsonObject): Promise<JsonObject>;
  /** Sends any other message. */
  send(message: JsonObject): void;
  /**
   * Gives what has come since the last call, waiting while there is nothing.
   * @throws ProxyError `bad_gateway` once the process has ended, `timeout` after `silenceMs` without a line.
   */
  read(signal: AbortSignal, silenceMs: number): Promise<CliMessage[]>;
  /** Ends the process and fails all that is pending. */
  close(isBusy: boolean): Promise<void>;
}

/** Queued output, in UTF-16 units, above which the CLI's pipe is left full: a slow reader slows its own CLI. */
const HIGH_WATER = 256 * 1024;

interface Pending {
  readonly resolve: (response: JsonObject) => void;
  readonly reject: (error: Error) => void;
}

/** The CLI went away in mid-turn, for whatever cause. */
export class CliEndedError extends ProxyError {
  constructor(cause: string) {
    super("bad_gateway", "Cannot finish answer: the claude process ended unexpectedly", { cause });
  }
}

/** Starts a CLI and speaks its protocol. */
export function openChannel(options: ChannelOptions): Channel {
  const pending = new Map<string, Pending>();
  let count = 0;
  let failure: ProxyError | undefined;
  let lastLineAt = 0;
  /** Every turn that was asked for has had its result. */
  let isAtRest = true;
  const queue = createQueue<CliMessage>({
    highWater: HIGH_WATER,
    onFull: () => cli.pause(),
    onDrained: () => cli.resume(),
  });

  // The one place where a process's death is felt: all that waits for it fails here, and nothing else has to look.
  function fail(cause: string, isBusy = true): void {
    if (failure) return;
    failure = new CliEndedError(cause);
    for (const { reject } of pending.values()) reject(failure);
    pending.clear();
    queue.fail(failure);
    void cli.stop(isBusy);
  }

  function send(message: JsonObject): void {
    const line = JSON.stringify(message);
    options.trace?.(line);
    if (message["type"] === "user") isAtRest = false;
    cli.write(line);
  }

  function answer(message: ControlRequest): void {
    const respond = (response: JsonObject): void =>
      send({ type: "control_response", response: { ...response, request_id: message.id } });
    try {
      options.answer(message.request, (response) => respond({ subtype: "success", response }));
    } catch (error) {
      respond({ subtype: "error", error: error instanceof Error ? error.message : "failed" });
    }
  }

  function settle(message: CliMessage & { type: "control_response" }): void {
    const waiter = pending.get(message.id);
    pending.delete(message.id);
    if (message.response) waiter?.resolve(message.response);
    else waiter?.reject(new ProxyError("bad_gateway", `Cannot set up turn: the CLI answered ${message.error}`));
  }

  function receive(line: string): void {
    if (failure) return;
    lastLineAt = performance.now();
    options.trace?.(line);
    let message: CliMessage;
    try {
      message = readMessage(line);
    } catch {
      return fail("wrote a line that is not JSON");
    }
    if (message.type === "result") isAtRest = true;
    if (message.type === "control_response") settle(message);
    else if (message.type === "control_request") answer(message);
    // Nobody reads its answer, and the next turn would take it for its own.
    else if (message.type === "api" && isAtRest) fail("began a turn that was not asked for");
    else if (message.type !== "other") queue.push(message, line.length);
  }

  const cli = startProcess(options.command, { onLine: receive, onEnd: (cause) => fail(cause) });

  return {
    pid: cli.pid,
    gone: cli.gone,
    get isAlive() {
      return failure === undefined;
    },
    request(payload) {
      const id = `r${++count}`;
      return new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        pending.set(id, { resolve, reject });
        send({ type: "control_request", request_id: id, request: payload });
      });
    },
    send,
    read: (signal, silenceMs) => {
      // What waits already needs no watch; nor is a CLI silent that its own reader holds back.
      if (queue.weight > 0) return queue.take(signal);
      const toError = (): Error =>
        new ProxyError("timeout", `Cannot finish answer: no output from the CLI for ${silenceMs / 1000} seconds`);
      return withinSilence({ signal, limitMs: silenceMs, lastAt: () => lastLineAt, toError }, queue.take);
    },
    close: (isBusy) => {
      fail("closed", isBusy);
      return cli.stop(isBusy);
    },
  };
}
