/**
 * The connections of a server: how many may be open, which give way to new ones, and how they close when the server
 * drains.
 */
import type { RequestListener, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** All open sockets of one program's servers. */
export interface Connections {
  /** Takes care of the sockets of one more server, and gives the server back. */
  watch(server: Server): Server;
  /** Makes the listener of such a server: it counts what is unanswered, and closes a socket that asks for too much. */
  count(handler: RequestListener): RequestListener;
  /** From now on a socket is closed as soon as it has no unanswered request; those that have none now, at once. */
  drain(): void;
}

/**
 * Most sockets open at once (512): far above what the clients of one machine need, below the usual limits on file
 * descriptors.
 */
export const MOST_CONNECTIONS = 512;
/** Most unanswered requests of one socket. Few clients pipeline; those that do take memory for all of them at once. */
export const MOST_UNANSWERED = 16;

/** True when no answer is still being made: there is none, or all are written, and wait for a client that reads. */
const isWritten = (responses: ReadonlySet<ServerResponse>): boolean =>
  [...responses].every(({ writableEnded }) => writableEnded);

/**
 * Watches over at most `most` sockets.
 *
 * Knows the unanswered requests of each socket. Node's own `closeIdleConnections` leaves alone a socket that never
 * carried a request (a pool's or a browser's preconnect), or only half of one, and `close` waits for it.
 */
export function createConnections(most: number): Connections {
  // In the order in which they last began or ended a request: the first idle one has been idle for longest.
  const unanswered = new Map<Socket, Set<ServerResponse>>();
  let isDraining = false;

  /** Makes a socket the last of all, and closes it when it is idle and the server drains. */
  function touch(socket: Socket, responses: Set<ServerResponse>): void {
    unanswered.delete(socket);
    unanswered.set(socket, responses);
    // Ends after what was written has left: the last answer may still be on its way.
    if (isDraining && responses.size === 0) socket.destroySoon();
  }

  /**
   * Closes the socket that for longest has been idle, or has only left its answers unread. Without one the new socket
   * itself is closed, unanswered.
   */
  function makeRoom(newest: Socket): void {
    if (unanswered.size < most) return;
    const [idle] = [...unanswered].find(([, responses]) => isWritten(responses)) ?? [newest];
    unanswered.delete(idle);
    idle.destroy();
  }

  return {
    watch(server) {
      server.on("connection", (socket: Socket) => {
        makeRoom(socket);
        if (socket.destroyed) return;
        // Event streams are many small writes; each is to leave at once.
        socket.setNoDelay(true);
        // Each pipelined request waits for the socket's close.
        socket.setMaxListeners(0);
        touch(socket, new Set());
        socket.once("close", () => unanswered.delete(socket));
      });
      return server;
    },
    count: (handler) => (request, response) => {
      const { socket } = request;
      const responses = unanswered.get(socket);
      // The parser goes on with the rest of a packet after its socket was destroyed.
      if (!responses || socket.destroyed) return;
      if (responses.size >= MOST_UNANSWERED) return void socket.destroy();
      responses.add(response);
      touch(socket, responses);
      response.once("close", () => {
        responses.delete(response);
        if (unanswered.has(socket)) touch(socket, responses);
      });
      handler(request, response);
    },
    drain() {
      isDraining = true;
      for (const [socket, responses] of unanswered) if (responses.size === 0) socket.destroySoon();
    },
  };
}
