/** The CLI's report on the plan, `rate_limit_info`: each holds all windows, whatever it was sent for. */
import type { LimitStatus, PlanReport, PlanWindow } from "../../core/plan.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

const STATUSES: readonly LimitStatus[] = ["allowed", "allowed_warning", "rejected"];
/** Names that are no window of the plan, but what comes after it. */
const OVERAGE = "overage";

function toStatus(value: unknown): LimitStatus | undefined {
  return STATUSES.find((status) => status === value);
}

function toNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function toWindow(name: string, value: unknown): PlanWindow | undefined {
  if (!isObject(value)) return undefined;
  const utilization = toNumber(value["utilization"]);
  if (utilization === undefined) return undefined;
  const status = toStatus(value["status"]) ?? (utilization >= 1 ? "rejected" : "allowed");
  return { name, utilization: Math.max(0, utilization), status, resetsAtSeconds: toNumber(value["resetsAt"]) };
}

/** The window that the report is about: limits of single models are told in no other place. */
function toOwnWindow(info: JsonObject): PlanWindow | undefined {
  const { rateLimitType: name, status } = info;
  if (typeof name !== "string" || name === "" || name === OVERAGE) return undefined;
  const utilization = toNumber(info["utilization"]) ?? (status === "rejected" ? 1 : undefined);
  return toWindow(name, { ...info, utilization });
}

function toWindows(info: JsonObject): PlanWindow[] {
  const all = isObject(info["unifiedWindows"]) ? info["unifiedWindows"] : {};
  const windows = Object.entries(all).flatMap(([name, value]) => toWindow(name, value) ?? []);
  const own = toOwnWindow(info);
  return own && !windows.some(({ name }) => name === own.name) ? [...windows, own] : windows;
}

/** Reads a report; undefined when it tells of no limit, as with a login that has no plan. */
export function toPlanReport(info: JsonObject): PlanReport | undefined {
  const status = toStatus(info["status"]);
  const windows = toWindows(info);
  const inUse = info["overageInUse"] === true || info["isUsingOverage"] === true;
  if (status === undefined || (status === "allowed" && windows.length === 0 && !inUse)) return undefined;
  const { overageDisabledReason: reason } = info;
  return {
    status,
    windows,
    overage: {
      inUse,
      status: toStatus(info["overageStatus"]),
      disabledReason: typeof reason === "string" ? reason : undefined,
    },
    resetsAtSeconds: toNumber(info["resetsAt"]),
  };
}
