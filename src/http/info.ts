/** `/health` and `/v1/models`: what can be told without a turn. */
import type { InstallationStatus } from "../cli/install/installation.ts";
import { ProxyError } from "../core/error.ts";
import type { Models } from "../core/model.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

export interface SessionCounts {
  readonly live: number;
  readonly busy: number;
  readonly spare: number;
  readonly queued: number;
}

export interface InfoOptions {
  readonly version: string;
  readonly models: Models;
  readonly status: () => Promise<InstallationStatus>;
  readonly counts: () => SessionCounts;
}

export interface Info {
  health(exchange: Exchange): Promise<void>;
  listModels(exchange: Exchange): void;
  showModel(exchange: Exchange, id: string): void;
}

/** Why turns cannot be served now, if so. */
function toReason({ problem, login }: InstallationStatus): string | undefined {
  if (problem) return problem.message;
  return login?.isLoggedIn === false ? "The claude CLI is not logged in. Run `claude auth login`" : undefined;
}

/** Makes the handlers. */
export function createInfo({ version, models, status, counts }: InfoOptions): Info {
  const startedAtSeconds = Math.floor(Date.now() / 1000);
  const toModel = (id: string, name: string): object => ({
    id,
    object: "model",
    created: startedAtSeconds,
    owned_by: "anthropic",
    display_name: name,
  });

  return {
    async health(exchange) {
      const found = await status();
      const reason = toReason(found);
      sendJson(exchange, reason === undefined ? 200 : 503, {
        status: reason === undefined ? "ok" : "unavailable",
        ...(reason === undefined ? {} : { reason }),
        version,
        provider: "claude-code-cli",
        timestamp: new Date().toISOString(),
        uptime_seconds: Math.floor(Date.now() / 1000) - startedAtSeconds,
        claude: { path: found.path ?? null, version: found.version ?? null },
        auth: { logged_in: found.login?.isLoggedIn ?? null, method: found.login?.method ?? null },
        sessions: counts(),
      });
    },
    listModels(exchange) {
      sendJson(exchange, 200, { object: "list", data: models.list().map(({ id, name }) => toModel(id, name)) });
    },
    showModel(exchange, id) {
      const known = models.list().find((model) => model.id === id);
      if (id === "")
        throw new ProxyError("model_not_found", "Cannot find model: the name is empty", { param: "model" });
      sendJson(exchange, 200, toModel(id, known?.name ?? models.resolve(id).id));
    },
  };
}
