/** Anthropic's error envelope, and its word for each kind. Source: https://docs.claude.com/en/api/errors */
import type { ErrorKind, ProxyError } from "../../core/error.ts";
import type { ErrorEnvelope } from "./wire.ts";

const TYPES: Readonly<Record<ErrorKind, string>> = {
  invalid_request: "invalid_request_error",
  context_too_long: "invalid_request_error",
  extra_usage_required: "invalid_request_error",
  previous_not_found: "invalid_request_error",
  bad_key: "authentication_error",
  not_logged_in: "authentication_error",
  credits_exhausted: "billing_error",
  stopped: "permission_error",
  forbidden: "permission_error",
  not_found: "not_found_error",
  model_not_found: "not_found_error",
  method_not_allowed: "invalid_request_error",
  slow_request: "timeout_error",
  too_large: "request_too_large",
  unsupported_media_type: "invalid_request_error",
  unprocessable: "invalid_request_error",
  rate_limited: "rate_limit_error",
  canceled: "api_error",
  internal: "api_error",
  upstream: "api_error",
  bad_gateway: "api_error",
  unavailable: "api_error",
  overloaded: "overloaded_error",
  timeout: "timeout_error",
};

/** The official client's tool runner understands it, and sends the whole conversation from then on. */
const NO_THREAD = { error_code: "thread_unsupported_request", unsupported: ["thread"] };

/** `{type: "error", error: {type, message}}`. */
export function encodeError({ kind, message, param }: ProxyError): ErrorEnvelope {
  const error = { type: TYPES[kind], message };
  return { type: "error", error: param === "thread" ? { ...error, details: NO_THREAD } : error };
}
