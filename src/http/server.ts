/** Listening: one handler on every address a client may mean by the host. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, toSocketPath } from "../lib/address.ts";
import { createConnections, MOST_CONNECTIONS } from "./connections.ts";
import { bindSocket } from "./socket.ts";

/** A server that listens, on one address or two. */
export interface Listener {
  readonly port: number;
  /** The address as a client writes it, or `unix:/path`. */
  readonly url: string;
  /** Takes no new connection; settles when every request is answered. */
  drain(): Promise<void>;
  /** Closes every connection at once, answered or not. */
  close(): void;
}

/** Longer than common clients keep a pooled connection (Go: 90 s), so that none is closed under a request. */
const KEEP_ALIVE_MS = 300_000;
/** A free port on one address may be taken on the other. */
const FREE_PORT_TRIES = 10;

const LOOPBACK = ["127.0.0.1", "::1"] as const;

/** `localhost` is 127.0.0.1 to some clients and ::1 to others: both are bound where the system has both. */
function toAddresses(host: string): readonly string[] {
  return host === "localhost" || host === "127.0.0.1" ? LOOPBACK : [host];
}

function toErrorCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/**
 * Limits on the time a request may take to arrive, which Node ends with a bare 408, and on open sockets. A body that is
 * read has a shorter limit, and an answer of its protocol (`body.ts`).
 */
export interface Limits {
  /** Milliseconds until all headers of a request are there. */
  readonly headersMs: number;
  /** Milliseconds until all of it is there. */
  readonly requestMs: number;
  /** Open at once, over all addresses. */
  readonly connections: number;
}

/** Limits that a call of `listen` may leave out. */
export interface ListenOptions {
  /** Told of connections that could not be accepted. */
  readonly onError?: (error: Error) => void;
  readonly limits?: Limits;
}

const USUAL_LIMITS: Limits = { headersMs: 30_000, requestMs: 150_000, connections: MOST_CONNECTIONS };
/**
 * Node looks for late requests this often; by itself every 30 s, which makes limits of 30 and 150 s up to twice as
 * long.
 */
const CHECK_MS = 1000;

function create(handler: RequestListener, { headersMs, requestMs }: Limits): Server {
  return createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: CHECK_MS,
    },
    handler,
  );
}

/** Binds one address. @returns its port; that of a Unix socket is the one given. */
async function bind(server: Server, host: string, port: number): Promise<number> {
  const path = toSocketPath(host);
  if (path !== undefined) {
    await bindSocket(server, path);
    return port;
  }
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/**
 * Binds all addresses to one port. The second address may be missing from the system, but not taken by another program.
 */
async function bindAll(
  make: () => Server,
  addresses: readonly string[],
  port: number,
): Promise<{ servers: Server[]; port: number }> {
  const servers: Server[] = [];
  let bound = port;
  try {
    for (const address of addresses) {
      const server = make();
      try {
        bound = await bind(server, address, bound);
        servers.push(server);
      } catch (error) {
        const isMissing = ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(toErrorCode(error));
        if (servers.length === 0 || !isMissing) throw error;
      }
    }
    return { servers, port: bound };
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

async function bindFree(
  make: () => Server,
  addresses: readonly string[],
): Promise<{ servers: Server[]; port: number }> {
  for (let left = FREE_PORT_TRIES; ; left--) {
    try {
      return await bindAll(make, addresses, 0);
    } catch (error) {
      if (left <= 1 || toErrorCode(error) !== "EADDRINUSE") throw error;
    }
  }
}

/**
 * Starts listening; `host` may be `unix:/path`, port 0 picks a free one. @throws the system's error, such as
 * EADDRINUSE.
 */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  { onError = () => undefined, limits = USUAL_LIMITS }: ListenOptions = {},
): Promise<Listener> {
  const addresses = toAddresses(host);
  const connections = createConnections(limits.connections);
  // Watched before it listens: a connection to the first address may come before the second is bound.
  const make = (): Server => connections.watch(create(connections.count(handler), limits));
  const { servers, port: bound } = port === 0 ? await bindFree(make, addresses) : await bindAll(make, addresses, port);
  // Such as EMFILE for a connection that could not be accepted: the server goes on with those it has.
  for (const server of servers) server.on("error", onError);
  return {
    port: bound,
    url: toSocketPath(host) !== undefined ? host : `http://${formatAddress({ host, port: bound })}`,
    async drain() {
      const closed = servers.map((server) => once(server, "close"));
      for (const server of servers) server.close();
      connections.drain();
      await Promise.all(closed);
      // A server emits `close` before its last sockets do, in the same round of the event loop. The timer lets those
      // run first, so that the answers of clients that left end as canceled, before what follows a drain ends them
      // otherwise.
      await delay(1);
    },
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
