/** MCP servers that a request names, as far as protocols agree. */
import { isMcpName } from "../core/mcp.ts";
import type { McpServer } from "../core/mcp.ts";
import { isObject } from "../lib/json.ts";
import type { AskedServer } from "./codec.ts";
import { refuse, toFilledText, toList, toListOf, toObject, toText } from "./field.ts";
import type { Fields, Reader } from "./field.ts";

/** Most MCP servers of one request. */
export const MOST_SERVERS = 20;

const MOST_TOOLS = 1000;

/** Reads the names of a server's tools. */
export const toToolNames = toListOf(MOST_TOOLS, toFilledText);

/** Reads the name of a server. Its tools are known by it, so it must not be taken for another's. */
export const toServerName: Reader<string> = (value, path) => {
  const name = toText(value, path);
  if (isMcpName(name)) return name;
  const problem = "expected 1 to 64 letters, digits, hyphens and single underscores between them, not client, none";
  return refuse(path, problem);
};

/** Most characters of an address. Its parts, and headers' words, are looked for in all that is told of a server. */
const LONGEST_URL = 4096;
/** Most characters of a token, and of a header's value. */
const LONGEST_VALUE = 8192;
/** Most characters of all values of a server's headers: more than servers take. */
const LONGEST_VALUES = 65_536;

/** Reads the address of a server. The value is not repeated: it may hold a secret. */
const toUrl: Reader<URL> = (value, path) => {
  const text = toFilledText(value, path);
  if (text.length > LONGEST_URL) return refuse(path, `expected at most ${LONGEST_URL} characters`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return refuse(path, "expected an https URL");
  return url.username === "" && url.password === ""
    ? url
    : refuse(path, "expected a URL without a user and a password");
};

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,200}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MOST_HEADERS = 100;

/** Headers that belong to the connection, or say which host is asked: that is the URL's to say, which was checked. */
const OWN_HEADERS = new Set([
  ...["connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
]);

/** Reads headers for the requests to a server. Their values are never repeated: they hold secrets. */
export const toHeaders: Reader<Readonly<Record<string, string>>> = (value, path) => {
  const entries = Object.entries(toObject(value, path));
  if (entries.length > MOST_HEADERS) refuse(path, `expected at most ${MOST_HEADERS} headers`);
  let length = 0;
  return Object.fromEntries(
    entries.map(([name, text]) => {
      const at = `${path}.${name.slice(0, 60)}`;
      if (OWN_HEADERS.has(name.toLowerCase())) refuse(at, "this header is the connection's own");
      const isFit = HEADER_NAME.test(name) && typeof text === "string" && HEADER_VALUE.test(text);
      if (!isFit) return refuse(at, "expected a header's name and its value");
      length += text.length;
      if (text.length > LONGEST_VALUE) refuse(at, `expected at most ${LONGEST_VALUE} characters`);
      if (length > LONGEST_VALUES) refuse(path, `expected at most ${LONGEST_VALUES} characters in all`);
      return [name, text];
    }),
  );
};

/** Reads a token that goes to a server as `Authorization: Bearer`. */
export const toToken: Reader<string> = (value, path) => {
  const isToken = typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
  if (!isToken) return refuse(path, "expected a token");
  return value.length <= LONGEST_VALUE ? value : refuse(path, `expected at most ${LONGEST_VALUE} characters`);
};

/** The parts of a server that protocols name differently. */
export interface ServerParts extends Pick<McpServer, "name" | "allowedTools" | "deniedTools"> {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly token?: string | undefined;
}

/** The older transport is known by its usual address alone. */
const SSE_PATH = /\/sse\/?$/;

/** Makes a server of its parts; the field `urlField` holds its address. */
export function toAskedServer(fields: Fields, urlField: string, parts: ServerParts): AskedServer {
  const { headers = {}, token, ...rest } = parts;
  const url = fields.required(urlField, toUrl);
  const all = { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
  const type = SSE_PATH.test(url.pathname) ? "sse" : "http";
  const config = { type, url: url.href, ...(Object.keys(all).length === 0 ? {} : { headers: all }) };
  return { server: { ...rest, config, isRequested: true }, url, path: fields.pathOf(urlField) };
}

/** Refuses servers beyond the most there may be, and a name that stands twice. */
export function checkServers(servers: readonly AskedServer[], path: string): void {
  toList(MOST_SERVERS)(servers, path);
  const names = new Set<string>();
  for (const { server, path: at } of servers) {
    if (names.has(server.name)) refuse(at, `another MCP server is named ${server.name}`);
    names.add(server.name);
  }
}

/** The text of an error that a client gives back with a call: a text, or an object that holds one. */
export function toErrorText(error: unknown): string {
  if (typeof error === "string") return error;
  if (!isObject(error)) return "";
  const { message, content } = error;
  if (typeof message === "string") return message;
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  const texts = blocks.flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  return texts.length > 0 ? texts.join("\n") : JSON.stringify(content ?? "");
}
