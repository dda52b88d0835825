/** Token counts of a turn, added up from the stream: the CLI's own sum comes only at the end, and spans held calls. */
import { NO_USAGE } from "../../core/event.ts";
import type { Usage } from "../../core/event.ts";
import type { WireUsage } from "../protocol/message.ts";

/** Token counts of one turn, over all its API calls. */
export interface UsageMeter {
  /** An API call begins; one that never ended is forgotten. */
  start(usage: WireUsage): void;
  /** The API call ends; its counts replace those it began with. */
  end(usage: WireUsage): void;
  /** All ended calls. */
  readonly total: Usage;
  /**
   * All calls, the running one with `text` as its output so far: 4 characters a token, as the API has not counted yet.
   */
  estimate(text: string): Usage;
}

/** Absent where the API did not tell. */
function toThinking(thinking: number | undefined): Pick<Usage, "thinking"> {
  return thinking === undefined ? {} : { thinking };
}

function merge(usage: Usage, later: WireUsage): Usage {
  return {
    input: later.input ?? usage.input,
    cacheCreation: later.cacheCreation ?? usage.cacheCreation,
    cacheRead: later.cacheRead ?? usage.cacheRead,
    output: later.output ?? usage.output,
    ...toThinking(later.thinking ?? usage.thinking),
  };
}

function add(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cacheCreation: a.cacheCreation + b.cacheCreation,
    cacheRead: a.cacheRead + b.cacheRead,
    output: a.output + b.output,
    ...toThinking(a.thinking === undefined ? b.thinking : a.thinking + (b.thinking ?? 0)),
  };
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
    estimate(text) {
      return add(total, { ...running, output: Math.max(running.output, Math.ceil(text.length / 4)) });
    },
  };
}
