/** From a request to its handler: guard first, then path and method. Handlers return or throw; errors are written here. */
import type { RequestListener } from "node:http";
import { CODECS, DEFAULT_CODEC } from "../codec/all.ts";
import type { Codec } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import type { Log } from "../lib/log.ts";
import type { Guard } from "./auth.ts";
import { readJson } from "./body.ts";
import { openExchange, sendError, sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Info } from "./info.ts";
import { refusePath } from "./path.ts";
import type { StoredResponses } from "./stored.ts";
import type { TurnHandler } from "./turn.ts";

export interface RouteOptions {
  readonly guard: Guard;
  readonly info: Info;
  readonly handleTurn: TurnHandler;
  readonly stored: StoredResponses;
  readonly log: Log;
  /** True once the server is stopping: connections are then not kept. */
  readonly isStopping: () => boolean;
}

interface Route {
  readonly methods: readonly string[];
  readonly handle: (exchange: Exchange) => void | Promise<void>;
}

const READ = ["GET", "HEAD"];
const MODEL_PREFIX = "/v1/models/";

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ProxyError("invalid_request", "Cannot read path: broken percent encoding");
  }
}

/** Which headers a page sends is the business of its SDK: an allowed origin's are all taken. */
function preflight({ request, response }: Exchange): void {
  response.writeHead(204, {
    "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
    "access-control-allow-headers":
      request.headers["access-control-request-headers"] ?? "authorization, content-type, x-claude-session",
    "access-control-allow-private-network": "true",
    "access-control-max-age": "600",
  });
  response.end();
}

/** The fixed paths of a protocol: turns, and what is answered without one. */
function toCodecRoutes(codec: Codec, handleTurn: TurnHandler): [string, Route][] {
  const direct = Object.entries(codec.direct ?? {}).map(([path, reply]): [string, Route] => {
    const handle = async (exchange: Exchange): Promise<void> =>
      sendJson(exchange, 200, reply(await readJson(exchange.request)));
    return [path, { methods: ["POST"], handle }];
  });
  return [[codec.path, { methods: ["POST"], handle: (exchange) => handleTurn(codec, exchange) }], ...direct];
}

/** Below a protocol that keeps answers: one of them, or its input. */
function findStoredRoute(stored: StoredResponses, codec: Codec | undefined, path: string): Route | undefined {
  const { keeping } = codec ?? {};
  const match = codec && /^\/([^/]+)(\/input_items)?$/.exec(path.slice(codec.path.length));
  if (!keeping || !match) return undefined;
  const id = decodePath(match[1] ?? "");
  const handle = ({ request, query }: Exchange): unknown => {
    const answer = stored.get(id);
    if (!answer)
      throw new ProxyError("not_found", `Cannot find ${id.slice(0, 100)}: it is not kept, or no longer`, {
        param: "id",
      });
    if (match[2]) return keeping.encodeInput(answer, id, query);
    if (request.method !== "DELETE") return answer.reply;
    stored.delete(id);
    return keeping.encodeDeleted(id);
  };
  return {
    methods: match[2] ? READ : [...READ, "DELETE"],
    handle: (exchange) => sendJson(exchange, 200, handle(exchange)),
  };
}

/** The protocol whose path this is, or lies above it. */
function findCodec(path: string): Codec | undefined {
  return CODECS.find((codec) => path === codec.path || path.startsWith(`${codec.path}/`));
}

/** Makes the listener of one server. */
export function createRoutes({ guard, info, handleTurn, stored, log, isStopping }: RouteOptions): RequestListener {
  const fixed = new Map<string, Route>([
    ["/health", { methods: READ, handle: info.health }],
    ["/v1/models", { methods: READ, handle: info.listModels }],
    ...CODECS.flatMap((codec) => toCodecRoutes(codec, handleTurn)),
  ]);

  function findRoute(path: string): Route {
    const route = fixed.get(path) ?? findStoredRoute(stored, findCodec(path), path);
    if (route) return route;
    if (!path.startsWith(MODEL_PREFIX)) return refusePath(path);
    return {
      methods: READ,
      handle: (exchange) => info.showModel(exchange, decodePath(path.slice(MODEL_PREFIX.length))),
    };
  }

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response, path } = exchange;
    guard.checkOrigin(request.headers);
    for (const [name, value] of Object.entries(guard.toCorsHeaders(request.headers)))
      if (value !== undefined) response.setHeader(name, value);
    // A preflight carries no key, and only an allowed origin gets this far.
    if (request.method === "OPTIONS" && request.headers.origin !== undefined) return preflight(exchange);
    guard.checkKey(request.headers);
    const route = findRoute(path);
    if (!route.methods.includes(request.method ?? "")) {
      response.setHeader("allow", route.methods.join(", "));
      throw new ProxyError(
        "method_not_allowed",
        `Cannot ${request.method ?? ""} ${path.slice(0, 100)}: use ${route.methods.join(" or ")}`,
      );
    }
    await route.handle(exchange);
  }

  return (request, response) => {
    const exchange = openExchange(request, response, log);
    if (isStopping()) response.setHeader("connection", "close");
    const codec = findCodec(exchange.path) ?? DEFAULT_CODEC;
    handle(exchange).catch((error: unknown) => sendError(exchange, codec, error, log));
  };
}
