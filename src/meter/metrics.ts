/**
 * Prometheus' text format, version 0.0.4. Pure. Source:
 * https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
 */
import { STARTS } from "../core/start.ts";
import { DURATION_BOUNDS, FIRST_DELTA_BOUNDS } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import type { Meter } from "./meter.ts";
import type { ServerState } from "./usage.ts";

/** Media type of the format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number];

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

function formatSample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, held]) => `${key}="${escapeLabel(String(held))}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function formatHead(name: string, type: "counter" | "gauge" | "histogram", help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function formatFamily(
  [name, type, help]: readonly [name: string, type: "counter" | "gauge", help: string],
  samples: readonly Sample[],
): string {
  const full = `claude_max_api_${name}`;
  return formatHead(full, type, help) + samples.map(([labels, value]) => formatSample(full, labels, value)).join("");
}

function formatBuckets(name: string, labels: Labels, { counts, sum }: Histogram, bounds: readonly number[]): string {
  let total = 0;
  const buckets = counts.map((count, at) => {
    total += count;
    return formatSample(`${name}_bucket`, { ...labels, le: bounds[at] ?? "+Inf" }, total);
  });
  return [...buckets, formatSample(`${name}_sum`, labels, sum), formatSample(`${name}_count`, labels, total)].join("");
}

function formatRequests({ series }: Meter): string[] {
  return [
    formatFamily(
      ["requests_total", "counter", "Turns that are over, by the HTTP status of their outcome."],
      series.requests.map(({ protocol, model, status, count }) => [{ protocol, model, status }, count]),
    ),
    formatFamily(
      ["errors_total", "counter", "Turns that failed, by the kind of the error."],
      [...series.errors].map(([kind, count]) => [{ kind }, count]),
    ),
    formatFamily(
      ["tokens_total", "counter", "Tokens: input and cached make up the prompt, thinking is a part of output."],
      [...series.tokens].flatMap(([model, tokens]) =>
        Object.entries(tokens).map(([kind, count]): Sample => [{ kind, model }, count]),
      ),
    ),
    formatFamily(
      ["turns_started_total", "counter", "Turns by how they began."],
      STARTS.map((start) => [{ start }, series.starts[start]]),
    ),
  ];
}

function formatTimes({ series }: Meter): string[] {
  const first = "claude_max_api_first_delta_seconds";
  const duration = "claude_max_api_turn_duration_seconds";
  return [
    formatHead(first, "histogram", "Time from the request to the first delta, by how the turn began."),
    ...STARTS.map((start) => formatBuckets(first, { start }, series.firstDelta[start], FIRST_DELTA_BOUNDS)),
    formatHead(duration, "histogram", "Time from the request to the end of the turn."),
    formatBuckets(duration, {}, series.duration, DURATION_BOUNDS),
  ];
}

function formatPlan(meter: Meter): string[] {
  const plan = meter.readPlan();
  if (!plan) return [];
  const { windows, overage } = plan;
  return [
    formatFamily(
      ["plan_utilization_ratio", "gauge", "Used part of each window of the plan."],
      windows.map(({ name, utilization }) => [{ window: name }, utilization]),
    ),
    formatFamily(
      ["plan_reset_timestamp_seconds", "gauge", "Unix time at which a window of the plan begins anew."],
      windows.flatMap(({ name, resetsAtSeconds }): Sample[] =>
        resetsAtSeconds === undefined ? [] : [[{ window: name }, resetsAtSeconds]],
      ),
    ),
    formatFamily(
      ["plan_limit_reached", "gauge", "1 where the API says that a window's limit is reached."],
      windows.map(({ name, status }) => [{ window: name }, status === "rejected" ? 1 : 0]),
    ),
    formatFamily(
      ["plan_extra_usage_in_use", "gauge", "1 while paid extra usage takes the place of the plan."],
      [[{}, overage.inUse ? 1 : 0]],
    ),
  ];
}

function formatServer(meter: Meter, { sessions, version, claude }: ServerState): string[] {
  const { live, busy, spare, queued } = sessions;
  return [
    formatFamily(
      ["build_info", "gauge", "Always 1; the versions are its labels."],
      [[{ version, claude_version: claude.version ?? "unknown" }, 1]],
    ),
    formatFamily(
      ["start_time_seconds", "gauge", "Unix time at which the server started."],
      [[{}, Date.parse(meter.read().since) / 1000]],
    ),
    formatFamily(["turns_running", "gauge", "Turns that run now, those that wait included."], [[{}, meter.running]]),
    formatFamily(
      ["processes", "gauge", "CLI processes: idle ones know a conversation and wait for its next turn."],
      [
        [{ state: "busy" }, busy],
        [{ state: "idle" }, Math.max(0, live - busy)],
        [{ state: "spare" }, spare],
      ],
    ),
    formatFamily(["queue_length", "gauge", "Turns that wait for a place."], [[{}, queued]]),
  ];
}

/**
 * All metrics as one text. The number of series is bounded: labels hold no name that a client can make up without end.
 */
export function formatMetrics(meter: Meter, server: ServerState): string {
  return [...formatRequests(meter), ...formatTimes(meter), ...formatPlan(meter), ...formatServer(meter, server)].join(
    "",
  );
}
