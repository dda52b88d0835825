/** The days on disk, so that they outlive a restart: one private file a month, at most 24 of them. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../lib/log.ts";
import { addDay, decodeMonth, encodeMonth, toMonth } from "./day.ts";
import type { Day } from "./day.ts";
import type { Meter } from "./meter.ts";

/** Folder and times of the archive. */
export interface ArchiveOptions {
  /** Made private to the user when it is missing. */
  readonly folder: string;
  readonly log: Log;
}

/** Reads and writes days. No method rejects: what is wrong with a file is logged, and sums are not worth an answer. */
export interface Archive {
  /** The days of the newest three months that there are: the last 31 days may touch as many. */
  readNewest(): Promise<Day[]>;
  /** The days of one month, `YYYY-MM`; empty when there is no file. */
  readMonth(month: string): Promise<Day[]>;
  /**
   * Adds to what the files hold: two servers may share a folder. What cannot be written is tried again with the next.
   */
  add(days: readonly Day[]): Promise<void>;
}

const MOST_MONTHS = 24;
const MONTH_FILE = /^\d{4}-\d\d\.json$/;
/** A crash loses what was counted since the last save. */
const SAVE_MS = 30_000;

function toCause(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Adds days to a list that has each date once. */
function merge(target: Day[], added: readonly Day[]): void {
  for (const day of added) {
    const held = target.find(({ date }) => date === day.date);
    if (held) addDay(held, day);
    else target.push(day);
  }
}

/**
 * The days in a month's file; none without one, or from a damaged one, which is set aside. @throws Error when it cannot
 * be read: to write it anew would lose its days.
 */
async function load(file: string, log: Log): Promise<Day[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return [];
  const days = decodeMonth(text);
  if (days) return days;
  log.warn("usage file is damaged and was set aside", { file, as: `${file}.damaged` });
  await rename(file, `${file}.damaged`).catch((error: unknown) => log.warn("rename", { cause: toCause(error) }));
  return [];
}

/** Opens the archive; nothing is read or written yet. */
export function createArchive({ folder, log }: ArchiveOptions): Archive {
  const toFile = (month: string): string => join(folder, `${month}.json`);
  /** One write at a time: each reads what the one before has written. */
  let writing: Promise<void> = Promise.resolve();
  let pending: Day[] = [];

  async function readMonth(month: string): Promise<Day[]> {
    try {
      return await load(toFile(month), log);
    } catch (error) {
      log.warn("cannot read usage", { file: toFile(month), cause: toCause(error) });
      return [];
    }
  }

  async function listMonths(): Promise<string[]> {
    const names = await readdir(folder).catch(() => []);
    return names
      .filter((name) => MONTH_FILE.test(name))
      .map((name) => name.slice(0, -".json".length))
      .sort();
  }

  async function addToMonth(month: string): Promise<void> {
    const isOfMonth = ({ date }: Day): boolean => toMonth(date) === month;
    const file = toFile(month);
    const days = await load(file, log);
    merge(days, pending.filter(isOfMonth));
    // Renamed into place: a file cut short would be a damaged one.
    await writeFile(`${file}.new`, encodeMonth(days), { mode: 0o600 });
    await rename(`${file}.new`, file);
    pending = pending.filter((day) => !isOfMonth(day));
  }

  async function write(days: readonly Day[]): Promise<void> {
    merge(pending, days);
    if (pending.length === 0) return;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const month of new Set(pending.map(({ date }) => toMonth(date)))) await addToMonth(month);
      const months = await listMonths();
      for (const month of months.slice(0, -MOST_MONTHS)) await rm(toFile(month), { force: true });
    } catch (error) {
      log.warn("cannot save usage", { folder, cause: toCause(error) });
    }
  }

  return {
    async readNewest() {
      const months = await listMonths();
      const days = await Promise.all(months.slice(-3).map(readMonth));
      return days.flat();
    },
    readMonth,
    add: (days) => (writing = writing.then(() => write(days))),
  };
}

/** Hands the meter the days that are known, and saves what it counts now and then. `close` saves the rest. */
export function keepDays(meter: Meter, archive: Archive): { close(): Promise<void> } {
  void archive.readNewest().then(meter.addDays);
  const timer = setInterval(() => void archive.add(meter.takeDays()), SAVE_MS).unref();
  return {
    close() {
      clearInterval(timer);
      return archive.add(meter.takeDays());
    },
  };
}
