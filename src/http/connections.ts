/**
 * The connections of a server: how many may be open, which give way to new ones, and how they close when the server
 * drains.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** All open sockets of one program's servers. */
export interface Connections {
  /** Takes care of the sockets of one more server, and gives the server back. */
  watch(server: Server): Server;
  /** From now on a socket is closed as soon as it has no unanswered request; those that have none now, at once. */
  drain(): void;
}

/**
 * Most sockets open at once (512): far above what the clients of one machine need, below the usual limits on file
 * descriptors.
 */
export const MOST_CONNECTIONS = 512;

/**
 * Watches over at most `most` sockets.
 *
 * Counts the unanswered requests of each socket. Node's own `closeIdleConnections` leaves alone a socket that never
 * carried a request (a pool's or a browser's preconnect), or only half of one, and `close` waits for it.
 */
export function createConnections(most: number): Connections {
  // In the order in which they last began or ended a request: the first idle one has been idle for longest.
  const unanswered = new Map<Socket, number>();
  let isDraining = false;

  function count(socket: Socket, change: number): void {
    const left = (unanswered.get(socket) ?? 0) + change;
    unanswered.delete(socket);
    unanswered.set(socket, left);
    // Ends after what was written has left: the last answer may still be on its way.
    if (isDraining && left === 0) socket.destroySoon();
  }

  /** Closes the socket that has been idle for longest. Without one the new socket itself is closed, unanswered. */
  function makeRoom(newest: Socket): void {
    if (unanswered.size < most) return;
    let idle = newest;
    for (const [socket, left] of unanswered) {
      if (left > 0) continue;
      idle = socket;
      break;
    }
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
        count(socket, 0);
        socket.once("close", () => unanswered.delete(socket));
      });
      server.on("request", ({ socket }, response) => {
        count(socket, 1);
        response.once("close", () => unanswered.has(socket) && count(socket, -1));
      });
      return server;
    },
    drain() {
      isDraining = true;
      for (const [socket, left] of unanswered) if (left === 0) socket.destroySoon();
    },
  };
}
