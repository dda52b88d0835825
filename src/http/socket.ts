/** Listening on a Unix socket that only its owner can reach. A socket that a dead server has left is replaced. */
import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import type { Server } from "node:net";

/** Only the owner may connect, which takes the right to write. The mode is there from the first moment. */
function listenPrivately(server: Server, path: string): void {
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
}

/** True for a socket that nobody listens on. A file of another kind, and a socket with a server, is not stale. */
async function isStale(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return false;
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
  } finally {
    socket.destroy();
  }
}

async function bindOnce(server: Server, path: string): Promise<void> {
  listenPrivately(server, path);
  await once(server, "listening");
}

/**
 * Binds a server to a path, mode 0600; closing the server removes it. @throws the system's error: EADDRINUSE where a
 * server answers.
 */
export async function bindSocket(server: Server, path: string): Promise<void> {
  try {
    await bindOnce(server, path);
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!isTaken || !(await isStale(path))) throw error;
    await unlink(path);
    await bindOnce(server, path);
  }
}
