/** OpenAI's error envelope, in all of its protocols, and the words it has for each kind. */
import type { ErrorKind, ProxyError } from "../../core/error.ts";

interface ErrorWords {
  readonly type: string;
  readonly code: string | null;
}

const WORDS: Readonly<Record<ErrorKind, ErrorWords>> = {
  invalid_request: { type: "invalid_request_error", code: null },
  context_too_long: { type: "invalid_request_error", code: "context_length_exceeded" },
  extra_usage_required: { type: "invalid_request_error", code: "extra_usage_required" },
  previous_not_found: { type: "invalid_request_error", code: "previous_response_not_found" },
  bad_key: { type: "invalid_request_error", code: "invalid_api_key" },
  not_logged_in: { type: "authentication_error", code: "not_logged_in" },
  credits_exhausted: { type: "insufficient_quota", code: "insufficient_quota" },
  stopped: { type: "permission_error", code: "stopped" },
  forbidden: { type: "permission_error", code: null },
  not_found: { type: "invalid_request_error", code: "not_found" },
  model_not_found: { type: "invalid_request_error", code: "model_not_found" },
  method_not_allowed: { type: "invalid_request_error", code: "method_not_allowed" },
  slow_request: { type: "invalid_request_error", code: "request_timeout" },
  too_large: { type: "invalid_request_error", code: "request_too_large" },
  unsupported_media_type: { type: "invalid_request_error", code: "unsupported_media_type" },
  unprocessable: { type: "invalid_request_error", code: null },
  rate_limited: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  canceled: { type: "api_error", code: "canceled" },
  internal: { type: "server_error", code: "internal_error" },
  upstream: { type: "server_error", code: "upstream_error" },
  bad_gateway: { type: "server_error", code: "bad_gateway" },
  unavailable: { type: "server_error", code: "service_unavailable" },
  overloaded: { type: "server_error", code: "overloaded" },
  timeout: { type: "server_error", code: "timeout" },
};

/** OpenAI's error object; `param` is the request field at fault. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** `{error: {message, type, param, code}}`. */
export function encodeError(error: ProxyError): { readonly error: OpenAiError } {
  const { type, code } = WORDS[error.kind];
  const known = error.planLimit === undefined ? code : "plan_limit_reached";
  return { error: { message: error.message, type, param: error.param ?? null, code: known } };
}
