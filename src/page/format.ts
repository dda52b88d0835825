/** Numbers and times as people read them: on the page, in the terminal, in messages. Pure; the clock's own locale. */
import type { WindowState } from "../meter/plan.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A count of tokens or requests: `940`, `12.4 k`, `3.1 M`. */
export function formatCount(count: number): string {
  if (count < 1000) return String(Math.round(count));
  if (count < 999_500) return `${(count / 1000).toFixed(count < 99_950 ? 1 : 0)} k`;
  if (count < 999_500_000) return `${(count / 1e6).toFixed(count < 99_950_000 ? 1 : 0)} M`;
  return `${(count / 1e9).toFixed(1)} G`;
}

/** A measured time: `85 ms`, `1.2 s`, `2 min 5 s`. */
export function formatMs(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / SECOND_MS)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A time to wait or that has passed, to two units: `40 s`, `12 min`, `2 h 14 min`, `3 d 4 h`. */
export function formatSpan(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.round(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) {
    const minutes = Math.round(ms / MINUTE_MS);
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  const hours = Math.round(ms / HOUR_MS);
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** The time of day: `15:40`; with seconds `15:40:05`. */
export function formatClock(time: Date, hasSeconds = false): string {
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return hasSeconds ? `${clock}:${two(time.getSeconds())}` : clock;
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment near now: `15:40`, `tomorrow 09:00`, `Thursday 09:00`, `24 Nov 09:00`. */
export function formatMoment(time: Date, now: Date): string {
  const startOfDay = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((startOfDay(time) - startOfDay(now)) / DAY_MS);
  const clock = formatClock(time);
  if (days === 0) return clock;
  if (days === 1) return `tomorrow ${clock}`;
  if (days > 1 && days < 7) return `${WEEKDAYS[time.getDay()] ?? ""} ${clock}`;
  return `${time.getDate()} ${MONTHS[time.getMonth()] ?? ""} ${clock}`;
}

/** A calendar day: `2026-11-24` as `24 Nov`. */
export function formatDay(date: string): string {
  const [, month = "1", day = "1"] = date.split("-");
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? ""}`;
}

/** A part of one as percent, never 100 before it is all: `62 %`. */
export function formatPercent(part: number): string {
  const percent = Math.round(part * 100);
  return `${part < 1 && percent === 100 ? 99 : percent} %`;
}

const WINDOW_NAMES: Readonly<Record<string, string>> = {
  five_hour: "5 hours",
  seven_day: "7 days",
  seven_day_opus: "7 days, Opus",
  seven_day_sonnet: "7 days, Sonnet",
  seven_day_overage_included: "7 days, extra usage included",
};

/** A plan window's name. */
export function formatWindow(name: string): string {
  return WINDOW_NAMES[name] ?? name.replaceAll("_", " ");
}

const NEAR = 0.8;
const FULL = 0.95;

/** The urgency of a plan window. */
export function toLevel({ utilization, status }: Pick<WindowState, "utilization" | "status">): "ok" | "warn" | "bad" {
  if (status === "rejected" || utilization >= FULL) return "bad";
  return status === "allowed_warning" || utilization >= NEAR ? "warn" : "ok";
}

const HOURS = [
  ["five_hour", 5],
  ["seven_day", 7 * 24],
] as const;

/** Length of a plan window, in milliseconds; undefined for an unknown one. */
export function toWindowMs(name: string): number | undefined {
  const hours = HOURS.find(([start]) => name.startsWith(start))?.[1];
  return hours === undefined ? undefined : hours * HOUR_MS;
}
