/** The doctor's lines on a terminal. Pure. */
import { toPrintable } from "../../lib/printable.ts";
import { wrapText } from "../../lib/wrap.ts";
import { CODES, paint } from "../color.ts";
import type { Check } from "./check.ts";

/** Column at which the words of a line begin. */
const COLUMN = 19;
const COLORS: Readonly<Record<Check["status"], number>> = { ok: CODES.green, warn: CODES.yellow, fail: CODES.red };

/** Form of the lines. */
export interface CheckStyle {
  readonly isColored: boolean;
  /** Columns of the terminal; `Infinity` where lines are read by a program. */
  readonly width: number;
}

/** A finding, and under it, never broken, the command that mends it; ends with a newline. */
export function formatCheck({ name, status, message, fix }: Check, { isColored, width }: CheckStyle): string {
  // A server of another's may have words in it.
  const words = wrapText(toPrintable(message, " "), width, COLUMN);
  const line = `${paint(status.padEnd(5), COLORS[status], isColored)} ${name.padEnd(12)} ${words}\n`;
  return fix === undefined ? line : `${line}${" ".repeat(COLUMN)}$ ${fix}\n`;
}

/** The last line: all in one sentence. */
export function formatSummary(checks: readonly Check[], { isColored }: CheckStyle): string {
  const count = (status: Check["status"]): number => checks.filter((check) => check.status === status).length;
  const [fails, warns] = [count("fail"), count("warn")];
  const toWords = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  if (fails > 0) {
    const also = warns > 0 ? ` and ${toWords(warns, "warning")}` : "";
    return `${paint(`It cannot serve yet: ${toWords(fails, "failure")}${also}`, COLORS.fail, isColored)}\n`;
  }
  if (warns > 0) return `${paint(`It can serve, with ${toWords(warns, "warning")}`, COLORS.warn, isColored)}\n`;
  return `${paint("All is well", COLORS.ok, isColored)}\n`;
}
