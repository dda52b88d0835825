/** Bytes that requests hold together, within a bound: what is read for one counts until its exchange is over. */
import { ProxyError } from "../core/error.ts";
import type { Exchange } from "./exchange.ts";

/** The bytes of one exchange. */
export interface Share {
  /** Holds so many bytes in all from now on. False where there is no room for them: then it holds none. */
  hold(bytes: number): boolean;
}

/** The bytes of all exchanges. */
export interface Budget {
  open(closed: Exchange["closed"]): Share;
}

/**
 * The first bytes of each share are free, so that large ones keep no small one out. The limits on connections, and on
 * the requests of each, bound them.
 */
const FREE_BYTES = 256 * 1024;
const RETRY_SECONDS = 5;

/** The refusal of a request for which there is no room. */
export function toFullError(what: string): ProxyError {
  return new ProxyError("overloaded", `Cannot read ${what}: the requests under way hold too many bytes`, {
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** Makes a budget of `mostBytes`, beyond the free part of each share. */
export function createBudget(mostBytes: number): Budget {
  let inFlight = 0;
  return {
    open(closed) {
      let counted = 0;
      let isOver = false;
      const count = (bytes: number): void => {
        inFlight += bytes - counted;
        counted = bytes;
      };
      void closed.then(() => {
        isOver = true;
        count(0);
      });
      return {
        hold(bytes) {
          const wanted = Math.max(0, bytes - FREE_BYTES);
          const hasRoom = !isOver && inFlight - counted + wanted <= mostBytes;
          count(hasRoom ? wanted : 0);
          return hasRoom;
        },
      };
    },
  };
}
