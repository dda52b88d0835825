/** The plan's last known state in the headers of a turn's answer, under the API's own names. */
import type { OutgoingHttpHeaders } from "node:http";
import type { PlanReport } from "../core/plan.ts";

const PREFIX = "anthropic-ratelimit-unified";

/** The windows that have headers, by the API's short names. */
const SHORT_NAMES = [
  ["five_hour", "5h"],
  ["seven_day", "7d"],
] as const;

/** Every name there is, for browsers that have to be told which headers a page may read. */
export const PLAN_HEADERS: readonly string[] = [
  `${PREFIX}-status`,
  ...SHORT_NAMES.flatMap(([, short]) => [`${PREFIX}-${short}-utilization`, `${PREFIX}-${short}-reset`]),
];

/** Status, and for each window its used part (0 to 1) and its reset in Unix seconds. Nothing while nothing is known. */
export function toPlanHeaders(plan: PlanReport | undefined): OutgoingHttpHeaders {
  if (!plan) return {};
  const headers: OutgoingHttpHeaders = { [`${PREFIX}-status`]: plan.status };
  for (const [name, short] of SHORT_NAMES) {
    const window = plan.windows.find((held) => held.name === name);
    if (!window) continue;
    headers[`${PREFIX}-${short}-utilization`] = String(window.utilization);
    if (window.resetsAtSeconds !== undefined) headers[`${PREFIX}-${short}-reset`] = String(window.resetsAtSeconds);
  }
  return headers;
}
