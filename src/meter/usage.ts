/** The JSON of `/usage`, shared by the server, the page and the command. No part of it holds a word of any content. */
import type { ErrorKind } from "../core/error.ts";
import type { Start } from "../core/start.ts";
import type { Day } from "./day.ts";
import type { Minute, Quantiles } from "./hour.ts";
import type { PlanState } from "./plan.ts";
import type { NamedShare, Tokens, Totals } from "./totals.ts";

/** A turn that runs now. */
export interface RunningTurn {
  /** The server's own id, unique until it stops. */
  readonly id: string;
  /** The answer's `x-request-id`. */
  readonly request_id: string;
  readonly protocol: string;
  readonly client: string;
  readonly model: string;
  /** Null while it waits for its place. */
  readonly start: Start | null;
  /** ISO time. */
  readonly began_at: string;
  /** Milliseconds; null before the first delta. */
  readonly first_delta_ms: number | null;
  /** So far, at 4 characters a token: the API counts at the end. */
  readonly output_tokens: number;
  /** Since the first delta; null in its first half second. */
  readonly tokens_per_second: number | null;
}

/** A turn that is over. */
export interface RecentTurn {
  readonly id: string;
  readonly request_id: string;
  /** ISO time of its beginning. */
  readonly at: string;
  readonly protocol: string;
  readonly client: string;
  readonly model: string;
  /** HTTP status of its outcome, also where a stream had begun with 200. */
  readonly status: number;
  readonly error: ErrorKind | null;
  /** Null when it ended before it had a process. */
  readonly start: Start | null;
  readonly ms: number;
  readonly first_delta_ms: number | null;
  readonly tokens: Readonly<Tokens>;
}

/** Durations of turns. */
export interface Latency {
  /** To the first delta, in the last hour. */
  readonly hour: Quantiles;
  /** To the first delta since the server started, by how the turn began. */
  readonly starts: Readonly<Record<Start, Quantiles>>;
  /** Whole turns since the server started. */
  readonly duration: Quantiles;
}

/** The part of `/usage` that the meter knows. */
export interface Metered {
  /** ISO time at which the server started. */
  readonly since: string;
  /** ISO time of this state. */
  readonly now: string;
  /** Null while nothing is known of it. */
  readonly plan: PlanState | null;
  readonly totals: Totals;
  /** Those of the last 31 days that had turns, oldest first; they outlive a restart. */
  readonly days: readonly Day[];
  /** Since the server started, most used first; so are the two that follow. */
  readonly models: readonly NamedShare[];
  readonly clients: readonly NamedShare[];
  readonly protocols: readonly NamedShare[];
  readonly latency: Latency;
  /** The last hour's minutes that had turns, oldest first. */
  readonly hour: readonly Minute[];
  /** Running now, oldest first, at most 100. */
  readonly turns: readonly RunningTurn[];
  /** The newest 200, newest first. */
  readonly recent: readonly RecentTurn[];
}

/** One of the owner's MCP servers, as a process has found it last. */
export interface McpServerUsage {
  readonly name: string;
  /** `unknown` until a process has loaded it. */
  readonly status: "connected" | "failed" | "pending" | "needs-auth" | "disabled" | "unknown";
  /** Names of its tools. */
  readonly tools: readonly string[];
  /** The CLI's words for a failure; null where there is none. */
  readonly error: string | null;
}

/** The server itself. */
export interface ServerState {
  readonly status: "ok" | "unavailable";
  /** The reason for which it cannot serve, and the command that mends it; null when it can. */
  readonly reason: string | null;
  readonly fix: string | null;
  /** This program's version. */
  readonly version: string;
  readonly claude: { readonly path: string | null; readonly version: string | null };
  readonly auth: { readonly logged_in: boolean | null; readonly method: string | null };
  readonly sessions: {
    readonly live: number;
    readonly busy: number;
    readonly spare: number;
    readonly queued: number;
  };
  /** Percent of the plan's windows kept for the user; 0 keeps none. */
  readonly plan_reserve: number;
  readonly extra_usage: "allow" | "stop";
  readonly mcp_servers: readonly McpServerUsage[];
  /** Models that can be asked for. */
  readonly available_models: readonly string[];
}

/** The whole of `/usage`. */
export interface Usage extends Metered {
  readonly server: ServerState;
  /** The reason for which `plan` is null; null when it is not. */
  readonly plan_reason: string | null;
}

/**
 * An event of `/usage/events` after the first. Each key replaces what was there, but for lists that hold only what has
 * changed: `days` by `date`, `hour` by `at`, `recent` by `id`.
 */
export type UsageChange = Pick<Usage, "now"> & Partial<Usage>;
