/** Readers for the options whose values have a shape of their own. */
import { toAllowedHost } from "../http/auth.ts";
import { toHostRule } from "../http/outbound.ts";
import type { HostRule } from "../http/outbound.ts";
import { SOCKET_PATH_BYTES, toSocketPath } from "../lib/address.ts";
import { LOG_LEVELS } from "../lib/log.ts";
import type { LogLevel } from "../lib/log.ts";
import { isAmple } from "../lib/memory.ts";
import { UsageError } from "./error.ts";
import { toChoice, toFullPath, toLast, toList, toWhole } from "./option.ts";
import type { Reader } from "./option.ts";

/** Reads a host: a name, an address, or `unix:` with the whole path of a socket. */
export const toHost: Reader<string> = (texts, context) => {
  const host = toLast(texts, context) ?? "";
  const given = toSocketPath(host);
  if (given === undefined) return host;
  if (process.platform === "win32")
    throw new UsageError(`Cannot use ${context.flag} ${host}: Windows has no such sockets here`);
  if (!/^~?\/./.test(given))
    throw new UsageError(`Cannot use ${context.flag} ${host}: expected unix:/path, from the root`);
  const path = toFullPath(given, context.home);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return `unix:${path}`;
  throw new UsageError(`Cannot use ${context.flag} ${host}: a socket's path has at most ${SOCKET_PATH_BYTES} bytes`);
};

/** Reads keys. A blank list is refused: it looks like a guard and is none. */
export const toKeys: Reader<readonly string[]> = (texts, context) => {
  const keys = toList(texts, context);
  if (texts.length > 0 && keys.length === 0)
    throw new UsageError(
      `Cannot use ${context.flag}: it is blank, which would ask for no key; give a key, or leave it out`,
    );
  return keys;
};

/** Reads `NAME=MODEL` pairs. */
export const toAliases: Reader<ReadonlyMap<string, string>> = (texts, context) => {
  const pairs = toList(texts, context).map((text): readonly [string, string] => {
    const [name, model, ...rest] = text.split("=");
    if (name && model && rest.length === 0) return [name, model];
    throw new UsageError(`Cannot use ${context.flag} ${text}: expected NAME=MODEL`);
  });
  return new Map(pairs);
};

/** Reads browser origins. */
export const toOrigins: Reader<readonly string[]> = (texts, context) =>
  toList(texts, context).map((text) => {
    // Extensions and desktop shells have schemes of their own, whose origin URL does not spell.
    if (/^[a-z][a-z0-9+.-]*:\/\/[^/\s\p{Lu}]+$/u.test(text) && URL.canParse(text)) return text;
    throw new UsageError(`Cannot use ${context.flag} ${text}: expected an origin such as http://localhost:5173`);
  });

/** Reads names and addresses that a Host header may have, with any port. */
export const toHostNames: Reader<readonly string[]> = (texts, context) =>
  toList(texts, context).map((text) => {
    const host = toAllowedHost(text);
    if (host !== undefined) return host;
    throw new UsageError(`Cannot use ${context.flag} ${text}: expected a name or an address, without a port`);
  });

/** Reads hosts that requests may have this machine connect to. */
export const toHostRules: Reader<readonly HostRule[]> = (texts, context) =>
  toList(texts, context).map((text) => {
    const rule = toHostRule(text);
    if (rule) return rule;
    throw new UsageError(
      `Cannot use ${context.flag} ${text}: expected a host such as mcp.example.com or 127.0.0.1:8080`,
    );
  });

/** The CLI's own names for where settings come from. */
export const SETTING_SOURCES = ["user", "project", "local"] as const;

/** Reads the sources of CLI settings; gives them as the CLI takes them, separated by commas. */
export const toSettingSources: Reader<string> = (texts, context) => {
  const sources = toList(texts.slice(-1), context).filter((source) => source !== "none");
  const strange = sources.find((source) => !SETTING_SOURCES.some((known) => known === source));
  if (strange === undefined) return sources.join(",");
  throw new UsageError(`Cannot use ${context.flag} ${strange}: expected a list of ${SETTING_SOURCES.join(", ")}`);
};

const MOST_SPARES = 20;

/** Reads the number of spares, or `auto`. */
export const toSpareCount: Reader<number | "auto"> = (texts, context) => {
  const text = texts.at(-1) ?? "";
  if (text === "auto") return text;
  if (/^\d{1,9}$/.test(text) && Number(text) <= MOST_SPARES) return Number(text);
  throw new UsageError(`Cannot use ${context.flag} ${text}: expected auto or a whole number from 0 to ${MOST_SPARES}`);
};

/** Reads the level of the log; without one, DEBUG of any value means `debug`. */
export const toLogLevel: Reader<LogLevel> = (texts, context) => {
  if (texts.length === 0) return context.environment["DEBUG"] ? "debug" : "info";
  return toChoice(LOG_LEVELS)(texts, context);
};

/** Seconds of a day, the longest time that an option may name. */
export const DAY_SECONDS = 24 * 3600;
/** The cache of a plan's login lives for an hour: a live process is worth keeping for as long, where there is room. */
const IDLE_SECONDS = 3600;
const IDLE_SECONDS_WITHOUT_ROOM = 600;
const toSeconds = toWhole(1, DAY_SECONDS);

/** Reads the time that unused processes are kept; without a text it is what the memory allows. */
export const toIdleSeconds: Reader<number> = (texts, context) => {
  if (texts.length > 0) return toSeconds(texts, context);
  return isAmple(context.freeBytes) ? IDLE_SECONDS : IDLE_SECONDS_WITHOUT_ROOM;
};
