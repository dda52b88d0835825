/** The plan's limits as the API reports them with ordinary turns. Logins with a key have no plan, and no report. */

/** The API's word on a limit: fine, near its end, or reached. */
export type LimitStatus = "allowed" | "allowed_warning" | "rejected";

/** One window of the plan. */
export interface PlanWindow {
  /** The API's own name: `five_hour`, `seven_day`, or one that holds for some models only. */
  readonly name: string;
  /** Used part of the window: 0 to 1, and above 1 where use ran past the limit. */
  readonly utilization: number;
  readonly status: LimitStatus;
  /** Unix seconds of the window's end, when its use starts again from nothing. Undefined while no window is open. */
  readonly resetsAtSeconds: number | undefined;
}

/** Paid extra usage, which takes over where the plan's windows end. */
export interface Overage {
  /** Turns are being paid for now. */
  readonly inUse: boolean;
  /** Undefined when the API did not say. */
  readonly status: LimitStatus | undefined;
  /** The API's word for why there is none, such as `out_of_credits`. */
  readonly disabledReason: string | undefined;
}

/** One report. A window that it leaves out is as the last report had it. */
export interface PlanReport {
  /** The account's state, whatever single windows say. */
  readonly status: LimitStatus;
  readonly windows: readonly PlanWindow[];
  readonly overage: Overage;
  /** Unix seconds until which `status` and `overage` hold; undefined when the API did not say. */
  readonly resetsAtSeconds: number | undefined;
}
