/** A login with a plan, and the headers in which the Messages API tells of its windows. */

/** The CLI takes such a token for a plan's login; it is made up. */
export const PLAN_LOGIN = { CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-made-up", ANTHROPIC_API_KEY: "" };

const NAME = "anthropic-ratelimit-unified";

export interface PlanHeaders {
  /** Used part of the 5-hour window, 0 to 1. */
  readonly fiveHour: number;
  readonly status?: "allowed" | "allowed_warning" | "rejected";
  /** Used part of the weekly window; 0.1 unless told. */
  readonly sevenDay?: number;
  /** Unix seconds of the 5-hour window's end; the week's is a day later. */
  readonly resetsAtSeconds: number;
}

/** The headers of one answer of the API. */
export function toPlanHeaders({
  fiveHour,
  status = "allowed",
  sevenDay = 0.1,
  resetsAtSeconds,
}: PlanHeaders): Record<string, string> {
  return {
    [`${NAME}-status`]: status,
    [`${NAME}-reset`]: String(resetsAtSeconds),
    [`${NAME}-representative-claim`]: "five_hour",
    [`${NAME}-5h-status`]: status,
    [`${NAME}-5h-utilization`]: String(fiveHour),
    [`${NAME}-5h-reset`]: String(resetsAtSeconds),
    [`${NAME}-7d-status`]: "allowed",
    [`${NAME}-7d-utilization`]: String(sevenDay),
    [`${NAME}-7d-reset`]: String(resetsAtSeconds + 86_400),
  };
}
