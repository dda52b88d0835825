/**
 * Measures the built proxy and holds it to its bounds: `npm run bench`, with `--quick` for few rounds. A word measures
 * one part alone: `cache`, the prompt cache, which is not about time; `prepared`, the turns that are prepared before
 * they come; `large`, the largest requests; `memory`, many requests. `TEST_CLAUDE=PATH` measures with another CLI.
 * Needs Linux, no account and no network. Prints a table, writes `dist/bench.json`, and exits with 1 when a bound is
 * missed.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { resolve } from "node:path";
import { measureBytes } from "./bench/bytes.ts";
import { measureCache } from "./bench/cache.ts";
import { FLOOD_DELTAS, FLOOD_STREAMS, measureFlood } from "./bench/flood.ts";
import { measureLongAnswer, measureNewConversation, measureNextTurn, measureToolResult } from "./bench/latency.ts";
import { measureLarge } from "./bench/large.ts";
import { measureMemory } from "./bench/memory.ts";
import { measureOpenPage } from "./bench/page.ts";
import { measurePair, measureRest, measureRewritings, measureUnknown } from "./bench/prepared.ts";
import { createPlace } from "./bench/place.ts";
import type { Place } from "./bench/place.ts";
import { startProxy } from "./bench/proxy.ts";
import type { Proxy, ProxyOptions } from "./bench/proxy.ts";
import { atLeast, atMost, formatTable } from "./bench/report.ts";
import type { Findings } from "./bench/report.ts";
import { createTally } from "./bench/rounds.ts";
import type { Tally } from "./bench/rounds.ts";

interface Size {
  readonly next: number;
  readonly result: number;
  readonly fresh: number;
  readonly prepared: number;
  readonly long: number;
  readonly page: number;
  readonly flood: number;
  readonly requests: number;
  readonly large: number;
}

// Where ways are compared for their first delta, a multiple of six: in six rounds each of three ways follows each other
// equally often.
const FULL: Size = {
  next: 18,
  result: 42,
  fresh: 18,
  prepared: 12,
  long: 15,
  page: 40,
  flood: 5,
  requests: 2000,
  large: 5,
};
const QUICK: Size = { next: 6, result: 6, fresh: 6, prepared: 6, long: 4, page: 6, flood: 1, requests: 400, large: 2 };
const ECHO_CLI = resolve("scripts/bench/echo-cli.mjs");

/**
 * Work of others in the last minute, in running processes, above which times say more about them than about the proxy.
 */
const BUSY = 0.5;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Runs the parts that share one proxy, and adds what was seen of its processes. */
async function withProxy(
  place: Place,
  name: string,
  options: ProxyOptions,
  parts: readonly ((proxy: Proxy) => Promise<Findings>)[],
): Promise<Findings[]> {
  const proxy = await startProxy(place, options);
  const found: Findings[] = [];
  for (const part of parts) {
    say(`measuring: ${name}, ${found.length + 1} of ${parts.length}`);
    found.push(await part(proxy));
  }
  const { peak, bound, left } = await proxy.end();
  const rows = [
    atMost(`CLI processes at once, ${name}`, peak, bound),
    atMost("… left when the proxy has ended", left, 0),
  ];
  return [...found, { rows, samples: {} }];
}

function measurePrepared(place: Place, { prepared: rounds }: Size, tally: Tally): Promise<Findings[]> {
  return withProxy(place, "prepared", { claude: place.claude, spares: "auto" }, [
    measureRest,
    (proxy) => measurePair({ place, proxy, tally, rounds }),
    (proxy) => measureUnknown({ place, proxy, tally, rounds }),
    (proxy) => measureRewritings({ place, proxy, tally, rounds }),
  ]);
}

function measureMany(place: Place, { requests }: Size, tally: Tally): Promise<Findings[]> {
  return withProxy(place, "many requests", { claude: ECHO_CLI }, [(proxy) => measureMemory(proxy, requests, tally)]);
}

function measureLargest(place: Place, { large: rounds }: Size, tally: Tally): Promise<Findings[]> {
  return withProxy(place, "largest requests", { claude: ECHO_CLI }, [
    (proxy) => measureLarge({ place, proxy, tally, rounds }),
  ]);
}

function toExactRow({ exact, runs }: Tally): Findings {
  return { rows: [atLeast(`answers exact, of ${runs}`, (100 * exact) / runs, 100, " %")], samples: {} };
}

async function measureAll(place: Place, size: Size, tally: Tally): Promise<Findings[]> {
  const real = await withProxy(place, "real CLI", { claude: place.claude }, [
    (proxy) => measureBytes(place, proxy),
    (proxy) => measureNextTurn({ place, proxy, tally, rounds: size.next }),
    (proxy) => measureToolResult({ place, proxy, tally, rounds: size.result }),
    (proxy) => measureNewConversation({ place, proxy, tally, rounds: size.fresh }),
    (proxy) => measureLongAnswer({ place, proxy, tally, rounds: size.long }),
    (proxy) => measureOpenPage({ place, proxy, tally, rounds: size.page }),
  ]);
  const env = { ECHO_DELTAS: String(FLOOD_DELTAS) };
  const flood = await withProxy(
    place,
    "flood",
    { claude: ECHO_CLI, maxSessions: FLOOD_STREAMS, maxConcurrent: FLOOD_STREAMS, env },
    [(proxy) => measureFlood(proxy, size.flood, tally)],
  );
  const many = await measureMany(place, size, tally);
  const prepared = await measurePrepared(place, size, tally);
  return [...real, ...prepared, ...flood, ...many, ...(await measureLargest(place, size, tally)), toExactRow(tally)];
}

/** Parts that can be measured alone, by their words. */
const PARTS = { large: measureLargest, memory: measureMany, prepared: measurePrepared };

/** One part, or all of them. */
async function measure(place: Place, size: Size, words: readonly string[]): Promise<Findings[]> {
  const tally = createTally();
  if (words.includes("cache")) return [await measureCache()];
  for (const [word, part] of Object.entries(PARTS))
    if (words.includes(word)) return [...(await part(place, size, tally)), toExactRow(tally)];
  return [await measureCache(), ...(await measureAll(place, size, tally))];
}

async function main(): Promise<boolean> {
  const isQuick = process.argv.includes("--quick");
  const load = loadavg()[0] ?? 0;
  if (load > BUSY) say(`The machine is busy (load ${load.toFixed(1)}): do not rely on the times`);
  const place = await createPlace();
  const onSignal = (): void => void place.end().then(() => process.exit(1));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const found = await measure(place, isQuick ? QUICK : FULL, process.argv.slice(2));
    const rows = found.flatMap((findings) => findings.rows);
    const samples = Object.assign({}, ...found.map((findings) => findings.samples)) as Findings["samples"];
    const machine = { node: process.version, platform: process.platform, cpus: cpus().map(({ model }) => model), load };
    writeFileSync(
      "dist/bench.json",
      `${JSON.stringify({ at: new Date().toISOString(), isQuick, machine, rows, samples }, null, 2)}\n`,
    );
    console.log(formatTable(rows));
    return rows.every(({ isMet }) => isMet);
  } finally {
    await place.end();
  }
}

if (!(await main())) process.exitCode = 1;
