/**
 * Limits that the user has set on his own plan: a part of it kept free, and no paid extra usage. Known from memory, no
 * process.
 */
import { ProxyError } from "../core/error.ts";
import type { PlanReport } from "../core/plan.ts";

/** The user's limits. */
export interface ReserveOptions {
  /** The plan's last known state. */
  readonly readPlan: () => PlanReport | undefined;
  /** Percent of the 5-hour and the weekly window that is kept for the user; 0 keeps nothing. */
  readonly percent: number;
  /** `stop`: no turn once extra usage is being paid for. */
  readonly extraUsage: "allow" | "stop";
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** The windows that hold for the whole account; others are a single model's. */
const RESERVED = ["five_hour", "seven_day"];
/** A limit whose end the API does not tell is tried again after this, by one turn that brings a new report. */
const UNKNOWN_RESET_SECONDS = 300;

/** Makes the check. It throws a ProxyError `rate_limited` that says which limit was met and when it ends. */
export function createReserve({ readPlan, percent, extraUsage, now = Date.now }: ReserveOptions): () => void {
  /** Unix seconds of the next try, while a limit without an end is reached. */
  let triedAtSeconds: number | undefined;

  /** Seconds to the next try; 0 lets this turn be the one that tries. */
  function toTry(): number {
    const nowSeconds = now() / 1000;
    triedAtSeconds ??= nowSeconds + UNKNOWN_RESET_SECONDS;
    const leftSeconds = triedAtSeconds - nowSeconds;
    if (leftSeconds <= 0) triedAtSeconds = undefined;
    return Math.max(0, leftSeconds);
  }

  function refuse(words: string, resetsAtSeconds: number | undefined): void {
    const leftSeconds = resetsAtSeconds === undefined ? toTry() : resetsAtSeconds - now() / 1000;
    if (resetsAtSeconds === undefined && leftSeconds === 0) return;
    const end = resetsAtSeconds === undefined ? "" : `; resets at ${new Date(resetsAtSeconds * 1000).toISOString()}`;
    throw new ProxyError("rate_limited", `${words}${end}`, {
      retryAfterSeconds: Math.max(1, Math.ceil(leftSeconds)),
      planLimit: "account",
    });
  }

  /** Of several windows the one that ends last: until then nothing is served. */
  function checkReserve({ windows }: PlanReport): void {
    const used = windows
      .filter(({ name, utilization }) => RESERVED.includes(name) && utilization * 100 > 100 - percent)
      .sort((a, b) => (b.resetsAtSeconds ?? 0) - (a.resetsAtSeconds ?? 0));
    const [last] = used;
    if (!last) return;
    const part = Math.floor(last.utilization * 100);
    refuse(
      `Plan reserve reached (${last.name}): ${part} % is used, and --plan-reserve ${percent} keeps the rest`,
      last.resetsAtSeconds,
    );
  }

  return () => {
    const plan = readPlan();
    if (!plan) return;
    if (percent > 0) checkReserve(plan);
    if (extraUsage === "stop" && plan.overage.inUse)
      refuse("Plan used up: extra usage would be paid for, and --extra-usage stop forbids that", plan.resetsAtSeconds);
  };
}
