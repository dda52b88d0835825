/** The doctor's lines on a terminal. Pure. */
import { CODES, paint } from "../color.ts";
import type { Check } from "./check.ts";

/** Column at which the words of a line begin. */
const COLUMN = 19;
const COLORS: Readonly<Record<Check["status"], number>> = { ok: CODES.green, warn: CODES.yellow, fail: CODES.red };

/** A finding, and under it the command that mends it; ends with a newline. */
export function formatCheck({ name, status, message, fix }: Check, isColored: boolean): string {
  const line = `${paint(status.padEnd(5), COLORS[status], isColored)} ${name.padEnd(12)} ${message}\n`;
  return fix === undefined ? line : `${line}${" ".repeat(COLUMN)}$ ${fix}\n`;
}

/** The last line: all in one sentence. */
export function formatSummary(checks: readonly Check[], isColored: boolean): string {
  const count = (status: Check["status"]): number => checks.filter((check) => check.status === status).length;
  const [fails, warns] = [count("fail"), count("warn")];
  const toWords = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  if (fails > 0) {
    const also = warns > 0 ? ` and ${toWords(warns, "warning")}` : "";
    return paint(`It cannot serve yet: ${toWords(fails, "failure")}${also}\n`, COLORS.fail, isColored);
  }
  if (warns > 0) return paint(`It can serve, with ${toWords(warns, "warning")}\n`, COLORS.warn, isColored);
  return paint("All is well\n", COLORS.ok, isColored);
}
