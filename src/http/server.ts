/** Listening: one handler on every address a client may mean by the host. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, toSocketPath } from "../lib/address.ts";
import { bindSocket } from "./socket.ts";

export interface Listener {
  readonly port: number;
  /** The address as a client writes it, or `unix:/path`. */
  readonly url: string;
  /** Takes no new connection; settles when every request is answered. */
  drain(): Promise<void>;
  /** Cuts whatever is left. */
  close(): void;
}

/** Longer than common clients keep a pooled connection (Go: 90 s), so that none is closed under a request. */
const KEEP_ALIVE_MS = 300_000;
const HEADERS_MS = 30_000;
const REQUEST_MS = 120_000;
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

/** One server's sockets, with how many of their requests are not answered yet. */
interface Sockets {
  /** From now on a socket is closed as soon as it has no unanswered request; those that have none now, at once. */
  drain(): void;
}

/**
 * Counts the unanswered requests of each socket. Node's own `closeIdleConnections` leaves alone a socket that never carried
 * a request (a pool's or a browser's preconnect), or only half of one, and `close` waits for it.
 */
function watchSockets(server: Server): Sockets {
  const unanswered = new Map<Socket, number>();
  let isDraining = false;

  function count(socket: Socket, change: number): void {
    const left = (unanswered.get(socket) ?? 0) + change;
    unanswered.set(socket, left);
    // Ends after what was written has left: the last answer may still be on its way.
    if (isDraining && left === 0) socket.destroySoon();
  }

  server.on("connection", (socket: Socket) => {
    count(socket, 0);
    socket.once("close", () => unanswered.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    count(socket, 1);
    response.once("close", () => unanswered.has(socket) && count(socket, -1));
  });
  return {
    drain() {
      isDraining = true;
      for (const [socket, left] of unanswered) if (left === 0) socket.destroySoon();
    },
  };
}

interface Bound {
  readonly server: Server;
  readonly sockets: Sockets;
}

function create(handler: RequestListener): Bound {
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    handler,
  );
  // Event streams are many small writes; each is to leave at once.
  server.on("connection", (socket) => socket.setNoDelay(true));
  // Each pipelined request waits for the socket's close.
  server.on("connection", (socket) => socket.setMaxListeners(0));
  return { server, sockets: watchSockets(server) };
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

/** Binds all addresses to one port. The second address may be missing from the system, but not taken by another program. */
async function bindAll(
  handler: RequestListener,
  addresses: readonly string[],
  port: number,
): Promise<{ servers: Bound[]; port: number }> {
  const servers: Bound[] = [];
  let bound = port;
  try {
    for (const address of addresses) {
      const server = create(handler);
      try {
        bound = await bind(server.server, address, bound);
        servers.push(server);
      } catch (error) {
        const isMissing = ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(toErrorCode(error));
        if (servers.length === 0 || !isMissing) throw error;
      }
    }
    return { servers, port: bound };
  } catch (error) {
    for (const { server } of servers) server.close();
    throw error;
  }
}

async function bindFree(
  handler: RequestListener,
  addresses: readonly string[],
): Promise<{ servers: Bound[]; port: number }> {
  for (let left = FREE_PORT_TRIES; ; left--) {
    try {
      return await bindAll(handler, addresses, 0);
    } catch (error) {
      if (left <= 1 || toErrorCode(error) !== "EADDRINUSE") throw error;
    }
  }
}

/** Starts listening; `host` may be `unix:/path`, port 0 picks a free one. @throws the system's error, such as EADDRINUSE. */
export async function listen(handler: RequestListener, host: string, port: number): Promise<Listener> {
  const addresses = toAddresses(host);
  const { servers, port: bound } =
    port === 0 ? await bindFree(handler, addresses) : await bindAll(handler, addresses, port);
  return {
    port: bound,
    url: toSocketPath(host) !== undefined ? host : `http://${formatAddress({ host, port: bound })}`,
    async drain() {
      await Promise.all(
        servers.map(({ server, sockets }) => {
          const closed = once(server, "close");
          server.close();
          sockets.drain();
          return closed;
        }),
      );
      // A server tells of its close in the round of the event loop before its last sockets do theirs. Answers whose clients have
      // left are to end as that, and not by what comes after a drain; a timer runs after both.
      await delay(1);
    },
    close() {
      for (const { server } of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
