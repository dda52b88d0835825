/** The results that are kept: the last run of each client, from which the README's marks and table are made. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Client, Exception } from "./client.ts";
import { CLIENTS } from "./table.ts";
import type { Outcome } from "./task.ts";

/** One client's last run. */
export interface Result {
  readonly client: string;
  /** See `Client.id`. */
  readonly id: string;
  readonly version: string;
  readonly protocol: string;
  /** `passed`, or what went wrong. */
  readonly result: string;
  /** The ways in which the turns of its task began, oldest first: see `core/start.ts`. */
  readonly starts: readonly string[];
  readonly exception?: Exception;
  /** Day of the run, as `YYYY-MM-DD`. */
  readonly date: string;
}

const FILE = "scripts/clients/results.json";
const READY = new Set(["hot", "forecast"]);

/** The results so far; none before the first run. */
export function readResults(): Result[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Result[]) : [];
}

const toKey = ({ name, protocol }: Pick<Client, "name" | "protocol">): string => `${name} ${protocol}`;

/** Puts a result in the place of the client's last one, and drops those of clients that are run no more. */
export function keepResult(result: Result): void {
  const key = `${result.client} ${result.protocol}`;
  const held = new Map(readResults().map((old) => [`${old.client} ${old.protocol}`, old]));
  held.set(key, result);
  const results = CLIENTS.flatMap((client) => held.get(toKey(client)) ?? []);
  writeFileSync(FILE, `${JSON.stringify(results, undefined, 2)}\n`);
}

/** The version of a client of the checkout is that of the CLI which the tests run. */
function toVersion({ packages }: Client, own: string): string {
  return packages[0]?.replace(/^.*@/, "") ?? own;
}

/** `own` is the version of the CLI that the checkout has. */
export function toResult({ client, result, starts }: Outcome, own: string): Result {
  const { name, id, protocol, exception } = client;
  const date = new Date().toISOString().slice(0, "YYYY-MM-DD".length);
  const version = toVersion(client, own);
  const words = result.replaceAll(/\s+/g, " ");
  // A request that was refused and sent anew in another form is no turn.
  const turns = starts.filter((start) => start !== "none");
  return {
    client: name,
    id,
    version,
    protocol,
    result: words,
    starts: turns,
    ...(exception ? { exception } : {}),
    date,
  };
}

/** True when the task was done, and each turn from the second on found a process that knew its history. */
export function isGood({ result, starts, exception }: Result): boolean {
  const from = exception ? (exception.from ?? starts.length + 1) : 2;
  return result === "passed" && starts.length > 1 && starts.slice(from - 1).every((start) => READY.has(start));
}

/** Starts as words, such as "spare, hot × 3". */
function formatStarts(starts: readonly string[]): string {
  const runs: { start: string; count: number }[] = [];
  for (const start of starts) {
    const last = runs.at(-1);
    if (last?.start === start) last.count++;
    else runs.push({ start, count: 1 });
  }
  return runs.map(({ start, count }) => (count === 1 ? start : `${start} × ${count}`)).join(", ");
}

/** The head of the table. */
export const HEAD = "| client | protocol | result | turns began |\n|---|---|---|---|";

/** A row of the table, on one line. */
export function formatRow(result: Result): string {
  const { client, version, protocol, starts, exception } = result;
  const cause = exception === undefined ? "" : `; ${exception.why}`;
  const words = result.result.replaceAll("|", "\\|");
  return `| ${client} ${version} | ${protocol} | ${words} | ${formatStarts(starts)}${cause} |`;
}
