/** Messages about the plan: once each when a window passes 80 %, 95 % and its limit, whatever reports repeat. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { PlanReport, PlanWindow } from "../core/plan.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import { formatPercent, formatSpan, formatWindow } from "../page/format.ts";

/** File, sender and clock of the notices. */
export interface PlanNoticesOptions {
  /** Remembers what was told, so that a restart tells nothing again; private, and made when it is needed. */
  readonly file: string;
  /** Sends a message; false when it cannot be taken now, and it is tried again with the next report. */
  readonly tell: (text: string) => boolean;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Notices about the plan. */
export interface PlanNotices {
  /** Tells what this report is the first to show. Nothing waits for it. */
  update(report: PlanReport): void;
  /** Settles when nothing is left to be told or remembered. */
  settle(): Promise<void>;
}

/** The highest mark that was told of a window, until `resetsAtSeconds`. */
interface Told {
  readonly mark: number;
  readonly resetsAtSeconds: number;
}

/** Used parts of a window that are worth a message; the last is its limit. */
const MARKS = [0.8, 0.95, 1];
/** Two reports of one window may name ends that differ by rounding. */
const SAME_SECONDS = 60;
/** A window without an end is told of again after this. */
const UNKNOWN_RESET_SECONDS = 5 * 3600;

/** The highest mark that is passed; undefined below the first. */
function toMark({ utilization, status }: PlanWindow): number | undefined {
  return status === "rejected" ? 1 : MARKS.findLast((mark) => utilization >= mark);
}

/** One line, such as `Plan, 5 hours: 82 % used, resets in 2 h 14 min`. */
function toLine(window: PlanWindow, mark: number, { overage }: PlanReport, nowMs: number): string {
  const { name, utilization, resetsAtSeconds } = window;
  const state = mark < 1 ? `${formatPercent(utilization)} used` : "limit reached";
  const reset = resetsAtSeconds === undefined ? "" : `, resets in ${formatSpan(resetsAtSeconds * 1000 - nowMs)}`;
  const paid = mark === 1 && overage.inUse ? "; extra usage is being paid for" : "";
  return `Plan, ${formatWindow(name)}: ${state}${reset}${paid}`;
}

function decodeTold(text: string): [name: string, told: Told][] {
  const value = parseJson(text);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, held]): [string, Told][] => {
    const { mark, resetsAtSeconds } = isObject(held) ? held : {};
    return typeof mark === "number" && typeof resetsAtSeconds === "number" ? [[name, { mark, resetsAtSeconds }]] : [];
  });
}

/** Makes the notices of one server; what an earlier one has told is read first. */
export function createPlanNotices({ file, tell, log, now = Date.now }: PlanNoticesOptions): PlanNotices {
  const told = new Map<string, Told>();

  async function load(): Promise<void> {
    const text = await readFile(file, "utf8").catch(() => "");
    for (const [name, held] of decodeTold(text)) told.set(name, held);
  }

  async function save(): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${JSON.stringify(Object.fromEntries(told))}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  /** True when this mark of this window, or a higher one, was told before. */
  function isTold({ name, resetsAtSeconds }: PlanWindow, mark: number): boolean {
    const held = told.get(name);
    if (!held || held.mark < mark) return false;
    if (resetsAtSeconds === undefined) return held.resetsAtSeconds > now() / 1000;
    return Math.abs(resetsAtSeconds - held.resetsAtSeconds) <= SAME_SECONDS;
  }

  async function take(report: PlanReport): Promise<void> {
    const passed = report.windows.flatMap((window) => {
      const mark = toMark(window);
      return mark === undefined || isTold(window, mark) ? [] : [{ window, mark }];
    });
    if (passed.length === 0) return;
    if (!tell(passed.map(({ window, mark }) => toLine(window, mark, report, now())).join("\n"))) return;
    for (const { window, mark } of passed) {
      const resetsAtSeconds = window.resetsAtSeconds ?? now() / 1000 + UNKNOWN_RESET_SECONDS;
      told.set(window.name, { mark, resetsAtSeconds });
    }
    await save();
  }

  let taking = load();
  return {
    update(report) {
      taking = taking
        .then(() => take(report))
        .catch((error: unknown) => log.warn("cannot remember plan notices", { file, cause: String(error) }));
    },
    settle: () => taking,
  };
}
