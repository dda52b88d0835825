/**
 * The Telegram Bot API. Never throws, and never shows the token, which is part of every URL. Source:
 * https://core.telegram.org/bots/api
 */
import { isObject, parseJson } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";

/** Address and token of the Bot API. */
export interface BotOptions {
  readonly token: string;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** Longest time for one call, in milliseconds. */
  readonly timeoutMs: number;
}

/** Outcome of a call. `failed` may go well later; `refused` will not. */
export type Outcome =
  | { readonly type: "done"; readonly messageId: number | undefined }
  | { readonly type: "limited"; readonly retryAfterMs: number }
  | { readonly type: "failed" | "refused"; readonly cause: string };

/** Methods of the Bot API that are used. */
export type Method = "sendMessage" | "editMessageText" | "deleteMessage";

/** Calls a method; an abort is a failure. */
export type Bot = (method: Method, parameters: JsonObject, signal: AbortSignal) => Promise<Outcome>;

/** Without a `retry_after`, which Telegram promises, a limit is taken to hold for this long. */
const USUAL_RETRY_SECONDS = 5;
const MOST_CAUSE = 200;
/** Said of an edit that would change nothing, which is as good as one that did. */
const NOT_MODIFIED = "message is not modified";

function toOutcome(status: number, answer: unknown): Outcome {
  const { ok, result, parameters, description } = isObject(answer) ? answer : {};
  if (ok === true) {
    const messageId = isObject(result) ? result["message_id"] : undefined;
    return { type: "done", messageId: typeof messageId === "number" ? messageId : undefined };
  }
  const words = typeof description === "string" ? description : "";
  if (status === 429) {
    const seconds = isObject(parameters) ? parameters["retry_after"] : undefined;
    return {
      type: "limited",
      retryAfterMs: 1000 * (typeof seconds === "number" && seconds > 0 ? seconds : USUAL_RETRY_SECONDS),
    };
  }
  if (status === 400 && words.includes(NOT_MODIFIED)) return { type: "done", messageId: undefined };
  return {
    type: status >= 400 && status < 500 ? "refused" : "failed",
    cause: `status ${status}${words === "" ? "" : `: ${words}`}`,
  };
}

/** Text of a failed `fetch`: the code of its cause, if any. */
function toCause(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const cause: unknown = error.cause;
  const code = isObject(cause) ? cause["code"] : undefined;
  return typeof code === "string" ? code : error.message;
}

/** Makes a bot. */
export function createBot({ token, apiUrl, timeoutMs }: BotOptions): Bot {
  function scrub(outcome: Outcome): Outcome {
    if (!("cause" in outcome)) return outcome;
    return { ...outcome, cause: outcome.cause.replaceAll(token, "[token]").slice(0, MOST_CAUSE) };
  }

  return async (method, parameters, signal) => {
    try {
      const response = await fetch(`${apiUrl}/bot${token}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(parameters),
        // The token is not to be carried on to wherever an answer points.
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return scrub(toOutcome(response.status, parseJson(await response.text())));
    } catch (error) {
      return scrub({ type: "failed", cause: toCause(error) });
    }
  };
}
