/**
 * From a request to its handler: guard first, then path and method. Handlers return or throw; errors are written here.
 */
import type { RequestListener } from "node:http";
import { CODECS, toErrorCodec } from "../codec/all.ts";
import type { Codec } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import type { Models } from "../core/model.ts";
import type { Log } from "../lib/log.ts";
import type { NamedSessions } from "../session/named.ts";
import type { Guard } from "./auth.ts";
import type { ReadJson } from "./body.ts";
import { endAnswer, openExchange, sendError } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import { isAnthropic } from "./info.ts";
import type { Info } from "./info.ts";
import { refusePath } from "./path.ts";
import { createResourceFinder, decodePath } from "./resource.ts";
import { deleteSession } from "./session.ts";
import type { StoredResponses } from "./stored.ts";
import type { TurnHandler } from "./turn.ts";
import type { UsageHandlers } from "./usage.ts";

/** The handlers that requests are led to, and the checks before them. */
export interface RouteOptions {
  readonly guard: Guard;
  readonly info: Info;
  readonly handleTurn: TurnHandler;
  readonly usage: UsageHandlers;
  readonly feed: Feed;
  readonly page: (exchange: Exchange) => void;
  readonly store: StoredResponses;
  readonly models: Models;
  readonly readJson: ReadJson;
  readonly named: NamedSessions;
  readonly log: Log;
  /** True once the server is stopping: connections are then not kept. */
  readonly isStopping: () => boolean;
}

interface Route {
  readonly methods: readonly string[];
  readonly handle: (exchange: Exchange) => void | Promise<void>;
}

/** A route for each name below a path. */
interface NamedRoute extends Pick<Route, "methods"> {
  /** The path before the name, with the slash. */
  readonly prefix: string;
  /** Answers for one name, which is still percent-encoded. */
  readonly handle: (exchange: Exchange, name: string) => void | Promise<void>;
}

const READ = ["GET", "HEAD"];

/** Answers a preflight of an allowed origin. It may send any header: which ones it sends is the business of its SDK. */
function preflight({ request, response }: Exchange): void {
  response.writeHead(204, {
    "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
    "access-control-allow-headers":
      request.headers["access-control-request-headers"] ?? "authorization, content-type, x-claude-session",
    "access-control-allow-private-network": "true",
    "access-control-max-age": "600",
  });
  endAnswer(response);
}

/** The protocol that a path belongs to: the path is its own, or lies below it. */
function findCodec(path: string): Codec | undefined {
  return CODECS.find((codec) => path === codec.path || path.startsWith(`${codec.path}/`));
}

/** Lets in requests for this server from pages that may ask, and tells their browser so. @throws ProxyError else. */
function admit(guard: Guard, { request, response }: Exchange): void {
  guard.checkTarget(request);
  guard.checkOrigin(request.headers);
  for (const [name, value] of Object.entries(guard.toCorsHeaders(request.headers)))
    if (value !== undefined) response.setHeader(name, value);
}

/** @throws ProxyError `method_not_allowed` for a method that the route has not. */
function checkMethod({ methods }: Route, { request, response, path }: Exchange): void {
  const method = request.method ?? "";
  if (methods.includes(method)) return;
  response.setHeader("allow", methods.join(", "));
  throw new ProxyError("method_not_allowed", `Cannot ${method} ${path.slice(0, 100)}: use ${methods.join(" or ")}`);
}

function toRoutes({ page, info, usage, feed, handleTurn }: RouteOptions): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ["/", { methods: READ, handle: page }],
    ["/health", { methods: READ, handle: info.health }],
    ["/usage", { methods: READ, handle: usage.show }],
    ["/usage/events", { methods: READ, handle: feed.follow }],
    ["/metrics", { methods: READ, handle: usage.showMetrics }],
    ["/v1/models", { methods: READ, handle: info.listModels }],
    ...CODECS.map((codec): [string, Route] => [
      codec.path,
      { methods: ["POST"], handle: (exchange) => handleTurn(codec, exchange) },
    ]),
  ]);
}

function toNamedRoutes({ info, usage, named }: RouteOptions): readonly NamedRoute[] {
  return [
    {
      prefix: "/v1/models/",
      methods: READ,
      handle: (exchange, id) => info.showModel(exchange, decodePath(id)),
    },
    {
      prefix: "/v1/sessions/",
      methods: ["DELETE"],
      handle: (exchange, name) => deleteSession(named, exchange, decodePath(name)),
    },
    { prefix: "/usage/turns/", methods: ["DELETE"], handle: (exchange, id) => usage.stopTurn(exchange, id) },
  ];
}

/** Makes the listener of one server. */
export function createRoutes(options: RouteOptions): RequestListener {
  const { guard, log } = options;
  const routes = toRoutes(options);
  const namedRoutes = toNamedRoutes(options);
  const findResource = createResourceFinder(CODECS, options);

  function findRoute(path: string): Route {
    const route = routes.get(path) ?? findResource(path);
    if (route) return route;
    const found = namedRoutes.find(({ prefix }) => path.startsWith(prefix));
    if (!found) return refusePath(path);
    const { prefix, methods, handle } = found;
    return { methods, handle: (exchange) => handle(exchange, path.slice(prefix.length)) };
  }

  async function handle(exchange: Exchange): Promise<void> {
    const { request, path } = exchange;
    admit(guard, exchange);
    // A preflight carries no key, and only an allowed origin gets this far.
    if (request.method === "OPTIONS" && request.headers.origin !== undefined) return preflight(exchange);
    // The page holds no data: it asks for the key itself.
    if (path !== "/") guard.checkKey(request.headers);
    const route = findRoute(path);
    checkMethod(route, exchange);
    await route.handle(exchange);
  }

  return (request, response) => {
    const exchange = openExchange(request, response, log);
    if (options.isStopping()) response.setHeader("connection", "close");
    const { path } = exchange;
    const codec = findCodec(path) ?? findResource(path)?.codec ?? toErrorCodec(path, isAnthropic(exchange));
    handle(exchange).catch((error: unknown) => sendError(exchange, codec, error, log));
  };
}
