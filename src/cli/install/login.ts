/** The login as it was last known: asked of the CLI now and then, corrected by what turns show. */
import { toProxyError } from "../../core/error.ts";
import type { Log } from "../../lib/log.ts";
import type { Login } from "./find.ts";

/** The latest known login. */
export interface LoginMemory {
  /** Gives what is known, asked for again in the background when it is old; waits only while nothing is known. */
  read(): Promise<Login | undefined>;
  /** Records what a turn has shown. */
  record(isLoggedIn: boolean): void;
  /** Settles once nothing is being asked. */
  settled(): Promise<void>;
}

const FRESH_MS = 60_000;

/** Makes an empty memory. `ask` asks the CLI; undefined when it gives no answer that can be read. */
export function createLoginMemory(ask: () => Promise<Login | undefined>, log: Log): LoginMemory {
  let login: Login | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  /** Changes with each record: a turn knows better than an answer to what was asked before it. */
  let recorded = 0;

  async function askAnew(): Promise<void> {
    const before = recorded;
    try {
      const found = await ask();
      if (recorded !== before) return;
      login = found ?? login;
      askedAt = performance.now();
    } catch (error) {
      log.debug("cannot ask for the login", { cause: toProxyError(error).message });
    } finally {
      asking = undefined;
    }
  }

  return {
    async read() {
      if (performance.now() - askedAt > FRESH_MS) asking ??= askAnew();
      if (login === undefined) await asking;
      return login;
    },
    settled: async () => asking,
    record(isLoggedIn) {
      recorded++;
      login = { isLoggedIn, method: isLoggedIn ? (login?.method ?? "unknown") : "none" };
      askedAt = performance.now();
    },
  };
}
