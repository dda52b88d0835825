/** Text printed once the server is ready. Its first line holds the address: tests and service managers wait for it. */
import type { InstallationStatus } from "../cli/install/installation.ts";
import { toSocketPath } from "../lib/address.ts";
import type { Config } from "../config/config.ts";
import { toLocalUrl } from "./port.ts";

/** The port that a URL leaves out. */
const HTTP_PORT = 80;

/** The line that says where it listens. */
export function formatReady(version: string, url: string, isDemo: boolean): string {
  return `claude-max-api ${version} listening on ${url}${isDemo ? " (demo: an echo model answers)" : ""}`;
}

function toLoginWords({ login }: InstallationStatus): string {
  if (login === undefined) return "unknown; see claude-max-api doctor";
  return login.isLoggedIn ? login.method : "none: run claude auth login";
}

/**
 * The rest: who answers, and what to tell a client on this machine, which may need another address than the one that is
 * listened on. A key is never printed.
 */
export function formatBanner(url: string, status: InstallationStatus, config: Config): string {
  const { host, tools, apiKeys, demo } = config;
  const who =
    status.problem === undefined
      ? [
          `claude   ${status.version ?? "unknown"} at ${status.path ?? "unknown"}`,
          `login    ${demo ? "not used" : toLoginWords(status)}`,
        ]
      : [`claude   ${status.problem.message}`];
  const path = toSocketPath(url);
  if (path !== undefined)
    return [...who, `tools    ${tools}`, `try      curl --unix-socket ${path} http://localhost/v1/models`].join("\n");
  const key = apiKeys.length === 0 ? "unused" : "<your --api-key>";
  const address = toLocalUrl({ host, port: Number(new URL(url).port || HTTP_PORT) });
  return [...who, `tools    ${tools}`, `OPENAI_BASE_URL=${address}/v1`, `OPENAI_API_KEY=${key}`].join("\n");
}
