/** One request and its response, with their access-log line. The only writer of whole answers and of errors. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import { HTTP_STATUS, ProxyError, toProxyError } from "../core/error.ts";
import type { Codec } from "../codec/codec.ts";
import { toCanonicalPath, toTarget } from "./path.ts";
import type { Log, LogFields } from "../lib/log.ts";

/** A request under way. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  /** Canonical path, without the query: see `toCanonicalPath`. The log has the path as it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborts when the client leaves before the answer is complete; the reason is a ProxyError `canceled`. */
  readonly signal: AbortSignal;
  /** Ends the turn from here: `signal` aborts with this, and the client is told. */
  stop(reason: ProxyError): void;
  /** Settles once the exchange is over, however it ended. */
  readonly closed: Promise<void>;
  /** Adds to the access-log line. */
  addLogFields(fields: LogFields): void;
  /** Begins a stream: status 200. From here on `fail` makes the text of an error. */
  startStream(headers: OutgoingHttpHeaders, fail: FailStream): void;
  /** Makes the text that ends a stream which has begun and failed. */
  readonly failStream: FailStream;
  /** Says that all of the answer has been written: some clients close at its last event, which is no hang-up. */
  completeAnswer(): void;
}

type FailStream = (error: ProxyError) => string;

/** Longest time, in milliseconds, in which nothing of an answer that was written to its end is taken by the client. */
const FLUSH_STALL_MS = 30_000;
const SANE_ID = /^[\w.:-]{1,128}$/;

/** Opens the exchange; its access-log line is written when the response closes. */
export function openExchange(request: IncomingMessage, response: ServerResponse, log: Log): Exchange {
  const sent = request.headers["x-request-id"];
  const id = typeof sent === "string" && SANE_ID.test(sent) ? sent : `req_${randomUUID().replaceAll("-", "")}`;
  const { path, query } = toTarget(request.url ?? "/");
  const startedAt = performance.now();
  const leaving = new AbortController();
  let logFields: LogFields = {};
  let failStream: FailStream = () => "";
  let isComplete = false;
  let isClosed = false;
  let settleClosed = (): void => undefined;
  const closed = new Promise<void>((resolve) => (settleClosed = resolve));
  // OpenAI's clients read the one, Anthropic's the other.
  for (const name of ["x-request-id", "request-id"]) response.setHeader(name, id);
  const { socket } = request;

  /**
   * May be called twice: on a hang-up both emit `close`, and `off` does not take a listener out of an emit that is
   * already running.
   */
  function onClose(): void {
    if (isClosed) return;
    isClosed = true;
    response.off("close", onClose);
    socket.off("close", onClose);
    isComplete ||= response.writableFinished;
    if (!isComplete) leaving.abort(new ProxyError("canceled", "The client left"));
    const status = isComplete ? response.statusCode : HTTP_STATUS.canceled;
    const ms = Math.round(performance.now() - startedAt);
    log.info("request", { method: request.method, path: path.slice(0, 200), status, ms, ...logFields, id });
    settleClosed();
  }

  response.once("close", onClose);
  // A pipelined response that still waits for the one before it is told nothing when their socket closes.
  socket.once("close", onClose);
  return {
    request,
    response,
    id,
    path: toCanonicalPath(path),
    query: new URLSearchParams(query),
    signal: leaving.signal,
    stop: (reason) => leaving.abort(reason),
    closed,
    addLogFields(fields) {
      logFields = { ...logFields, ...fields };
    },
    startStream(headers, fail) {
      response.writeHead(200, headers);
      failStream = fail;
    },
    get failStream() {
      return failStream;
    },
    completeAnswer() {
      isComplete = true;
    },
  };
}

/** Ends an answer. A client that takes nothing of it for a while is let go: what it leaves unread is memory. */
export function endAnswer(response: ServerResponse, text = ""): void {
  response.setTimeout(FLUSH_STALL_MS);
  // Before Node sets the connection's own timeout for the next request.
  response.prependOnceListener("finish", () => response.setTimeout(0));
  response.end(text);
}

/** Writes a whole JSON answer. */
export function sendJson(
  { response }: Exchange,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  endAnswer(response, text);
}

/** The headers that tell a client whether and when to try again, and whether the connection can go on. */
function toErrorHeaders({ kind, retryAfterSeconds, planLimit }: ProxyError): OutgoingHttpHeaders {
  return {
    // The rest of the body would be taken for the next request.
    ...(kind === "slow_request" ? { connection: "close" } : {}),
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    // The official SDKs obey it: nothing is gained by asking again within seconds.
    ...(planLimit !== undefined || kind === "not_logged_in" ? { "x-should-retry": "false" } : {}),
  };
}

/**
 * Writes a failure: with its status while nothing has been written, in-band after that, not at all once the answer has
 * ended or the client has left.
 */
export function sendError(exchange: Exchange, codec: Codec, thrown: unknown, log: Log): void {
  const { response, id } = exchange;
  const error = toProxyError(thrown);
  if (error.kind === "canceled" || response.destroyed) return void response.destroy();
  exchange.addLogFields({ error: error.kind });
  const cause = error.cause instanceof Error ? error.cause.stack : error.cause;
  if (cause !== undefined) log.warn("failed", { id, kind: error.kind, cause: String(cause) });
  // An 'error' event that nobody listens to would end the server.
  if (response.writableEnded) return;
  if (response.headersSent) {
    endAnswer(response, exchange.failStream(error));
    return exchange.completeAnswer();
  }
  sendJson(exchange, HTTP_STATUS[error.kind], codec.encodeError(error), toErrorHeaders(error));
}
