/** The address of a server: a host and a port, or `unix:/path`, a socket in the file system. */

/** A host and a port; the port counts for nothing where the host is a socket. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const PREFIX = "unix:";

/** Most bytes of a socket's path: `sun_path` holds 108 on Linux and 104 elsewhere, with the 0 at its end. */
export const SOCKET_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/** The path in `unix:/path`; undefined for every other host. */
export function toSocketPath(host: string): string | undefined {
  return host.startsWith(PREFIX) ? host.slice(PREFIX.length) : undefined;
}

/** The address in words: `127.0.0.1:3456`, `[::1]:3456` or `unix:/path`. */
export function formatAddress({ host, port }: Address): string {
  if (toSocketPath(host) !== undefined) return host;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
