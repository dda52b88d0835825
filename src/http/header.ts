/** The headers of this API's own: those that requests choose with, and the one that names what was ignored. */
import { optional, toOneOf } from "../codec/field.ts";
import { PROFILES } from "../core/profile.ts";
import type { Profile } from "../core/profile.ts";
import type { Exchange } from "./exchange.ts";
import { toSessionName } from "./session.ts";

const SESSION = "x-claude-session";
/** Field names can hold anything; header values cannot. */
const HEADER_SAFE = /^[\w.[\]-]{1,80}$/;
const MOST_IGNORED = 40;

/** A header's value; several of one name are joined by commas. */
function readHeader({ request }: Exchange, name: string): string | undefined {
  return request.headers[name]?.toString();
}

/** The session that `x-claude-session` names. @throws ProxyError `invalid_request`. */
export function readSession(exchange: Exchange): string | undefined {
  const name = readHeader(exchange, SESSION);
  return name === undefined ? undefined : toSessionName(name, SESSION);
}

/** The profile that `x-claude-tools` lowers the CLI's own tools to. @throws ProxyError `invalid_request`. */
export function readProfile(exchange: Exchange): Profile | undefined {
  return optional(readHeader(exchange, "x-claude-tools"), "x-claude-tools", toOneOf(PROFILES));
}

/** The names that `x-claude-mcp` narrows the MCP servers to; `none` is none of them, no header all. */
export function readMcpNames(exchange: Exchange): readonly string[] | undefined {
  return readHeader(exchange, "x-claude-mcp")
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "none");
}

/** The chat that `x-telegram-chat-id` asks for, as it was sent. */
export function readChat(exchange: Exchange): string | undefined {
  return readHeader(exchange, "x-telegram-chat-id");
}

/** `x-ignored-parameters`, naming the first 40 fields whose names a header can hold; no header for none. */
export function toIgnoredHeader(ignored: readonly string[]): Record<string, string> {
  const named = ignored.filter((field) => HEADER_SAFE.test(field)).slice(0, MOST_IGNORED);
  return named.length === 0 ? {} : { "x-ignored-parameters": named.join(", ") };
}
