/** A service, whatever system runs it, and the pieces the three descriptions share. Pure. */
import { posix, win32 } from "node:path";
import type { Platform } from "../../config/commands.ts";

/** The command to run at login. */
export interface ServicePlan {
  /** The program with its arguments, all paths absolute. */
  readonly command: readonly string[];
  readonly home: string;
  /** Folders where `claude` and what it needs are found: a service inherits next to nothing. */
  readonly path: readonly string[];
  /** A number; launchd's name for the user's domain. */
  readonly userId: number;
  /** `DOMAIN\NAME`, for the Task Scheduler. */
  readonly userName: string;
}

/** A program to run, without a shell between. */
export interface ServiceStep {
  readonly argv: readonly string[];
  /** It undoes what may not be there, so its failure says nothing. */
  readonly mayFail?: boolean;
  /** Number of tries, a second apart: launchd refuses a start while the end before it is under way. */
  readonly tries?: number;
}

/** The description for one system. */
export interface ServiceUnit {
  readonly file: string;
  readonly text: string;
  readonly encoding: "utf8" | "utf16le";
  /** The server's own log, where it writes one to a file. */
  readonly logFile: string | undefined;
  /** A folder that must be there, such as the log's. */
  readonly folder: string | undefined;
  /** Run before anything is written: they fail where this system cannot run services. */
  readonly check: readonly ServiceStep[];
  readonly install: readonly ServiceStep[];
  /** Run before the file is deleted. */
  readonly uninstall: readonly ServiceStep[];
  /** Run after it. */
  readonly forget: readonly ServiceStep[];
  readonly status: readonly string[];
  /** The state in what `status` prints; undefined when it says none. */
  readState(said: string): string | undefined;
  /** One sentence for a step that failed, with the cure where it is known. */
  explain(failure: StepFailure): string;
  /** Prints the log, where there is no file of it. */
  readonly logs: readonly string[] | undefined;
  /** Further commands that the user may want. */
  readonly hint: string | undefined;
}

/** A step that failed: its sentence, and whether the tool is missing. */
export interface StepFailure {
  readonly message: string;
  readonly isMissing: boolean;
}

/** In the log of every system, and in the names of files. */
export const SERVICE = "claude-max-api";

/** Paths as the system that is described writes them, wherever this runs. */
export const toPaths = (platform: Platform) => (platform === "win32" ? win32 : posix);

/** Text inside XML, attributes included. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Text of a unit without its escapes: those of XML, or those of systemd. */
function unescape(text: string, isXml: boolean): string {
  if (!isXml) return text.replaceAll("%%", "%").replaceAll("$$", "$").replaceAll("\\\\", "\\");
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

/** The word behind a flag in an installed unit, whichever system's it is: each has quotes of its own. */
function readFlag(text: string, flag: string): string | undefined {
  const words = new RegExp(
    `--${flag}(?:"\\s+"([^"]+)"|</string>\\s*<string>([^<]+)<|\\s+&quot;(.+?)&quot;|\\s+([^\\s<]+))`,
  ).exec(text);
  if (!words) return undefined;
  const [, systemd, ...xml] = words;
  return unescape(systemd ?? xml.find((word) => word !== undefined) ?? "", systemd === undefined);
}

/** The address that an installed unit names. */
export function readAddress(text: string): { readonly host: string; readonly port: number } {
  return { host: readFlag(text, "host") ?? "127.0.0.1", port: Number(readFlag(text, "port") ?? 3456) };
}

/** The log file that an installed unit names; undefined when it names none. */
export const readLogFile = (text: string): string | undefined => readFlag(text, "log-file");

/** The log file that the command was told to write; undefined when it was told none. */
export function findLogFile({ command }: ServicePlan): string | undefined {
  const at = command.indexOf("--log-file");
  return at < 0 ? undefined : command[at + 1];
}

/** The folders of a service's PATH, each once: those of the CLI and of Node first, then the usual ones. */
export function toServicePath(platform: Platform, home: string, first: readonly string[]): string[] {
  const { join } = toPaths(platform);
  const homebrew = platform === "darwin" ? ["/opt/homebrew/bin"] : [];
  const usual = platform === "win32" ? [] : [...homebrew, "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];
  return [...new Set([...first, join(home, ".local", "bin"), ...usual])];
}
