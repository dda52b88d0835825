/** One line an entry on stderr: time, level, words, then `key=value`. stdout is left to the ready line. */

export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = Readonly<Record<LogLevel, (words: string, fields?: LogFields) => void>> & {
  /** True when entries of this level are written; asked before costly fields are made. */
  isOn(level: LogLevel): boolean;
};

/** A value that could be read as two, or forge an entry, is quoted. */
function formatValue(value: string | number | boolean): string {
  const text = String(value);
  return /^[\w.:/@+\-[\]%]+$/.test(text) ? text : JSON.stringify(text);
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
