/** Every failure a client can be told of. Only a ProxyError's message leaves the process. */

/** The HTTP status of each kind. A kind without one does not compile; nor does a codec that has no words for it. */
export const HTTP_STATUS = {
  invalid_request: 400,
  context_too_long: 400,
  extra_usage_required: 400,
  previous_not_found: 400,
  bad_key: 401,
  not_logged_in: 401,
  credits_exhausted: 402,
  forbidden: 403,
  stopped: 403,
  not_found: 404,
  model_not_found: 404,
  method_not_allowed: 405,
  slow_request: 408,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  rate_limited: 429,
  canceled: 499,
  internal: 500,
  upstream: 500,
  bad_gateway: 502,
  unavailable: 503,
  overloaded: 503,
  timeout: 504,
} as const;

/** Kinds of failure. */
export type ErrorKind = keyof typeof HTTP_STATUS;

/** Facts of a failure besides its kind and message. */
export interface ErrorDetails {
  /** The request field at fault, such as `messages[2].content[0].type`. */
  readonly param?: string;
  /** Seconds after which a new try may succeed; sent as `retry-after`. */
  readonly retryAfterSeconds?: number;
  /** Set when a plan's limit was reached: whether it holds for every model or for the one asked for. */
  readonly planLimit?: "account" | "model";
  readonly cause?: unknown;
}

/** A failure that a client may be told of. Message: capital, no period, action, colon, value. */
export class ProxyError extends Error {
  readonly kind: ErrorKind;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly planLimit: "account" | "model" | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "ProxyError";
    this.kind = kind;
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.planLimit = details.planLimit;
  }
}

/** The system's codes for a lack of file descriptors: of this program, of the machine. */
export const DESCRIPTOR_CODES: readonly unknown[] = ["EMFILE", "ENFILE"];

/** Seconds after which a machine without free descriptors or processes is worth another try. */
export const EXHAUSTED_RETRY_SECONDS = 5;

/** Makes a ProxyError of anything thrown. One not known here is `internal`, and its words stay in the log. */
export function toProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  const isExhausted = error instanceof Error && "code" in error && DESCRIPTOR_CODES.includes(error.code);
  if (!isExhausted) return new ProxyError("internal", "Internal error", { cause: error });
  const message = "Cannot serve now: no free file descriptors. Close connections, or raise ulimit -n";
  return new ProxyError("unavailable", message, { retryAfterSeconds: EXHAUSTED_RETRY_SECONDS, cause: error });
}

const KIND_OF_UPSTREAM_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: "invalid_request",
  401: "not_logged_in",
  402: "credits_exhausted",
  403: "forbidden",
  404: "model_not_found",
  413: "too_large",
  422: "unprocessable",
  429: "rate_limited",
  500: "upstream",
  503: "overloaded",
  504: "timeout",
  529: "overloaded",
};

/** The kind of error that an HTTP status of the Messages API is to our client. */
export function toErrorKind(upstreamStatus: number): ErrorKind {
  return KIND_OF_UPSTREAM_STATUS[upstreamStatus] ?? (upstreamStatus < 500 ? "invalid_request" : "bad_gateway");
}
