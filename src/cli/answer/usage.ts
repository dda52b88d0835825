/** Token counts of a turn, added up from the stream: the CLI's own sum comes only at the end, and spans held calls. */
import { NO_USAGE } from "../../core/event.ts";
import type { CacheWrites, InputUsage, Usage } from "../../core/event.ts";
import type { WireUsage } from "../protocol/usage.ts";

/** Token counts of one turn, over all its API calls. */
export interface UsageMeter {
  /** An API call begins; one that never ended is forgotten. */
  start(usage: WireUsage): void;
  /** The API call ends; its counts replace those it began with. */
  end(usage: WireUsage): void;
  /** All ended calls. */
  readonly total: Usage;
  /**
   * All calls, the running one with so many characters of output: 4 a token, as the API has not counted yet.
   */
  estimate(length: number): Usage;
}

/** The counts that the API need not tell; a field is absent where it did not. */
type Untold = Pick<Usage, "thinking" | "cacheWrites" | "serviceTier" | "speed">;

/** Leaves out what is undefined. */
function toTold(usage: { readonly [Name in keyof Untold]: Untold[Name] | undefined }): Untold {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined));
}

function merge(usage: Usage, later: WireUsage): Usage {
  return {
    input: later.input ?? usage.input,
    cacheCreation: later.cacheCreation ?? usage.cacheCreation,
    cacheRead: later.cacheRead ?? usage.cacheRead,
    output: later.output ?? usage.output,
    ...toTold({
      thinking: later.thinking ?? usage.thinking,
      cacheWrites: later.cacheWrites ?? usage.cacheWrites,
      serviceTier: later.serviceTier ?? usage.serviceTier,
      speed: later.speed ?? usage.speed,
    }),
  };
}

function addWrites(a: CacheWrites | undefined, b: CacheWrites | undefined): CacheWrites | undefined {
  if (!a || !b) return a ?? b;
  return { fiveMinutes: a.fiveMinutes + b.fiveMinutes, oneHour: a.oneHour + b.oneHour };
}

function add(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cacheCreation: a.cacheCreation + b.cacheCreation,
    cacheRead: a.cacheRead + b.cacheRead,
    output: a.output + b.output,
    ...toTold({
      thinking: a.thinking === undefined ? b.thinking : a.thinking + (b.thinking ?? 0),
      cacheWrites: addWrites(a.cacheWrites, b.cacheWrites),
      serviceTier: b.serviceTier ?? a.serviceTier,
      speed: b.speed ?? a.speed,
    }),
  };
}

/**
 * The input that an API call begins with. Undefined where there is none: some gateways count it at the end alone.
 */
export function toInputUsage(usage: WireUsage): InputUsage | undefined {
  const { input, cacheCreation, cacheRead } = merge(NO_USAGE, usage);
  return input + cacheCreation + cacheRead === 0 ? undefined : { input, cacheCreation, cacheRead };
}

/** Makes a meter at zero. */
export function createUsageMeter(): UsageMeter {
  let total = NO_USAGE;
  let running = NO_USAGE;
  return {
    start(usage) {
      running = merge(NO_USAGE, usage);
    },
    end(usage) {
      total = add(total, merge(running, usage));
      running = NO_USAGE;
    },
    get total() {
      return total;
    },
    estimate(length) {
      return add(total, { ...running, output: Math.max(running.output, Math.ceil(length / 4)) });
    },
  };
}
