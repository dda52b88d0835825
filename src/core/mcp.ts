/** MCP servers that the CLI runs or connects to, so that the model can call their tools. */
import { ProxyError } from "./error.ts";
import type { Profile } from "./profile.ts";
import type { Tool } from "./turn.ts";
import { isObject } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";

/** One server. */
export interface McpServer {
  /** Passes `isMcpName`; the model sees its tools as `mcp__NAME__TOOL`. */
  readonly name: string;
  /** In the CLI's own format. It holds secrets: no log, command line or answer may show it. */
  readonly config: JsonObject;
  /** Tools that are offered; all of the server's without it. */
  readonly allowedTools?: readonly string[];
  /** Tools that are not offered. */
  readonly deniedTools?: readonly string[];
  /** The request has named it: the client is told of its tools, its calls and their results. */
  readonly isRequested?: true;
}

/** The names of those that the request has named. */
export function toRequestedNames(servers: readonly McpServer[]): Set<string> {
  return new Set(servers.flatMap(({ name, isRequested }) => (isRequested ? [name] : [])));
}

/** A server as a process has found it. */
export interface McpServerState {
  readonly name: string;
  /** The CLI's word. */
  readonly status: "connected" | "failed" | "pending" | "needs-auth" | "disabled";
  /** Names of its tools, in its own order; empty unless it is connected. */
  readonly tools: readonly string[];
  /** The CLI's words for a failure, without secrets. */
  readonly error: string | undefined;
}

/** Names that mean something else: the server of the client's own tools, and a choice of no server. */
const TAKEN = ["client", "none"];

/** A tool's whole name has at most 128 characters at the API. */
const LONGEST_NAME = 64;

/** True for a name that no other server's tools can be taken for: `__` parts the server from the tool. */
export function isMcpName(name: string): boolean {
  const isPlain = name.length <= LONGEST_NAME && /^[A-Za-z0-9-](?:_?[A-Za-z0-9-])*$/.test(name);
  return isPlain && !TAKEN.includes(name);
}

/** Begin of the names of a server's tools, as the model sees them. */
export function toMcpPrefix(server: string): string {
  return `mcp__${server}__`;
}

/** True for a tool of the server that is offered. */
export function isOffered({ allowedTools, deniedTools }: McpServer, tool: string): boolean {
  return (allowedTools?.includes(tool) ?? true) && !deniedTools?.includes(tool);
}

/** A shorter text is a word such as `true`, which may stand anywhere. */
const LEAST_SECRET = 6;

/**
 * Texts of `config` that may be secret: variables, headers and their words, and what follows the host in a URL. `ps`
 * shows the rest.
 */
function toSecrets({ config }: McpServer): string[] {
  const { env, headers, url } = config;
  const texts = [env, headers].flatMap((held) => (isObject(held) ? Object.values(held) : []));
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  const all: readonly unknown[] = [
    ...texts,
    parsed?.pathname,
    parsed?.search,
    parsed?.password,
    ...(parsed?.searchParams.values() ?? []),
  ];
  return all
    .flatMap((text) => (typeof text === "string" ? [text, ...text.split(" ")] : []))
    .filter((text) => text.length >= LEAST_SECRET);
}

/** A text about servers, with whatever of their configurations may be secret taken out. */
export function maskSecrets(text: string, servers: readonly McpServer[]): string {
  // The longest first: a shorter one may be a part of it.
  const secrets = servers.flatMap(toSecrets).sort((a, b) => b.length - a.length);
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, "…"), text);
}

/** Facts that decide on a turn's servers. */
export interface McpChoice {
  /** The servers of the server's owner. */
  readonly servers: readonly McpServer[];
  /** The profile of the CLI's own tools that the request has. */
  readonly profile: Profile;
  /** The names that the request narrows them to. */
  readonly asked: readonly string[] | undefined;
}

const PARAM = "x-claude-mcp";

/** The owner's servers that a turn gets. @throws ProxyError for a name that is not among them. */
export function chooseServers({ servers, profile, asked }: McpChoice): readonly McpServer[] {
  const offered = profile === "none" ? [] : servers;
  const unknown = asked?.find((name) => !servers.some((server) => server.name === name));
  if (unknown !== undefined) {
    const known = servers.map(({ name }) => name).join(", ") || "none";
    throw new ProxyError("invalid_request", `Cannot use MCP server ${unknown}: this server has ${known}`, {
      param: PARAM,
    });
  }
  if (asked !== undefined && asked.length > 0 && profile === "none")
    throw new ProxyError("forbidden", "Cannot use MCP servers: the profile of this request is none", { param: PARAM });
  return asked === undefined ? offered : offered.filter(({ name }) => asked.includes(name));
}

/**
 * Refuses two servers of one name, and tools of the client's that are named like a server's.
 * @throws ProxyError `invalid_request`.
 */
export function checkClash(tools: readonly Tool[], servers: readonly McpServer[]): void {
  const twice = servers.find(({ name }, at) => servers.findIndex((held) => held.name === name) !== at);
  if (twice)
    throw new ProxyError(
      "invalid_request",
      `Cannot use MCP server ${twice.name}: another one has this name; call it otherwise`,
      { param: twice.isRequested ? "tools" : PARAM },
    );
  for (const { name } of tools) {
    const server = servers.find((held) => name.startsWith(toMcpPrefix(held.name)));
    if (server)
      throw new ProxyError(
        "invalid_request",
        `Cannot offer tool ${name}: it is named like one of MCP server ${server.name}`,
        {
          param: "tools",
        },
      );
  }
}
