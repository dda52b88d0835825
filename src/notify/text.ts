/** The text of a Telegram message: plain, and short enough for one message whatever a turn does. */
import type { ProxyError } from "../core/error.ts";

/** One tool at work. */
export interface Activity {
  readonly tool: string;
  /** Safe to show; may be empty. */
  readonly summary: string;
}

/** Tools listed; of more, the older ones are only counted. */
const MOST_LISTED = 10;
/**
 * Longest name of a tool, and longest cause of a failure, in UTF-16 units. With 10 lines a text stays far below
 * Telegram's 4096.
 */
const MOST_NAME = 60;
const MOST_CAUSE = 500;

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
}

function toLine({ tool, summary }: Activity): string {
  const name = cut(tool, MOST_NAME);
  return summary === "" ? name : `${name}: ${summary}`;
}

/** The tools so far, newest last. */
export interface Activities {
  /** Gives how many there have been. */
  add(activity: Activity): number;
  /** The text while the turn runs. */
  readonly progress: string;
  /** The text that stays when the turn has failed; it names tools only if there were some. */
  toFailure(error: ProxyError): string;
}

/** Makes an empty list; it holds no more than is shown. */
export function createActivities(): Activities {
  const latest: Activity[] = [];
  let count = 0;

  function list(head: string): string {
    const older = count - latest.length;
    return [head, ...(older > 0 ? [`… ${older} earlier`] : []), ...latest.map(toLine)].join("\n");
  }

  return {
    add(activity) {
      count++;
      latest.push(activity);
      if (latest.length > MOST_LISTED) latest.shift();
      return count;
    },
    get progress() {
      return list("Working");
    },
    toFailure(error) {
      const head = error.kind === "timeout" ? "Timed out" : "Failed";
      const after = count === 0 ? "" : ` after ${count} ${count === 1 ? "tool" : "tools"}`;
      return list(`${head}${after}: ${cut(error.message, MOST_CAUSE)}`);
    },
  };
}
