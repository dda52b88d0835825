/** One line an entry on stderr: time, level, words, then `key=value`. stdout is left to the ready line. */
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { quotePrintable } from "./printable.ts";

/** Levels, the gravest first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
/** A level of entries. */
export type LogLevel = (typeof LOG_LEVELS)[number];
/** Fields of an entry; undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
/** One function for each level, and a question. */
export type Log = Readonly<Record<LogLevel, (words: string, fields?: LogFields) => void>> & {
  /** True when entries of this level are written; asked before costly fields are made. */
  isOn(level: LogLevel): boolean;
};

/** A value that could be read as two, or forge an entry, is quoted. */
function formatValue(value: string | number | boolean): string {
  const text = String(value);
  return /^[\w.:/@+\-[\]%]+$/.test(text) ? text : quotePrintable(text);
}

function formatEntry(level: LogLevel, words: string, fields: LogFields): string {
  let line = `${new Date().toISOString()} ${level} ${words}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${formatValue(value)}`;
  }
  return line;
}

/** Makes a log that writes entries up to `threshold`; `write` gets a line without its newline. */
export function createLog(threshold: LogLevel, write: (line: string) => void = console.error): Log {
  const most = LOG_LEVELS.indexOf(threshold);
  const entry =
    (level: LogLevel) =>
    (words: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) <= most) write(formatEntry(level, words, fields));
    };
  return {
    error: entry("error"),
    warn: entry("warn"),
    info: entry("info"),
    debug: entry("debug"),
    trace: entry("trace"),
    isOn: (level) => LOG_LEVELS.indexOf(level) <= most,
  };
}

/** A log file that would become longer than this, in bytes, becomes `PATH.1` first. */
const LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * Opens a private file to write to, of at most `limitBytes` and as much in `PATH.1`. Lines are written at once, so
 * that the last words before a crash are there. @throws the system's error.
 */
export function createLogFile(path: string, limitBytes = LIMIT_BYTES): (line: string) => void {
  mkdirSync(dirname(path), { recursive: true });
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const write = (text: string): void => {
    const bytes = Buffer.byteLength(text);
    if (size > 0 && size + bytes > limitBytes) {
      renameSync(path, `${path}.1`);
      size = 0;
    }
    appendFileSync(path, text, { mode: 0o600 });
    size += bytes;
  };
  write("");
  return (line) => {
    try {
      write(`${line}\n`);
    } catch {
      // A full disk must not end the server.
      console.error(line);
    }
  };
}
