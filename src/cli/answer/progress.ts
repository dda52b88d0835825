/** One line for a running tool of the CLI's own, safe to show: no content, no options, no secrets. */
import { basename } from "node:path";
import type { JsonObject } from "../../lib/json.ts";

const MOST = 80;

/** Programs whose second word says what is done, and is never a value: `npm test`, but not `echo hunter2`. */
const WITH_VERB = new Set(
  (
    "npm pnpm yarn bun deno cargo go git gh docker podman kubectl helm terraform " +
    "make pip uv poetry bundle gem mvn gradle dotnet swift brew apt apt-get systemctl"
  ).split(" "),
);

function text(input: JsonObject, key: string): string {
  const value = input[key];
  return typeof value === "string" ? value : "";
}

/**
 * The program, and its verb where it has one. A word with anything but plain characters may hold a secret, or a part of
 * one.
 */
function toProgram(command: string): string {
  const words = command.trim().split(/\s+/);
  const [first = "", second = ""] = words.slice(words.findIndex((word) => !/^\w+=[\w./:@%+,-]*$/.test(word)));
  if (!/^[\w.+/~-]+$/.test(first)) return "";
  const program = basename(first);
  return WITH_VERB.has(program) && /^[a-z][a-z:-]{0,24}$/.test(second) ? `${program} ${second}` : program;
}

function toHost(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}

/** Long words of letters and digits are what keys and tokens look like. */
function maskKeys(words: string): string {
  return words.replace(/[\w+/=.-]{20,}/g, (word) => (/\d/.test(word) && /[A-Za-z]/.test(word) ? "…" : word));
}

function describe(tool: string, input: JsonObject): string {
  switch (tool) {
    case "Bash":
      return toProgram(text(input, "command"));
    case "WebFetch":
      return toHost(text(input, "url"));
    case "WebSearch":
      return maskKeys(text(input, "query"));
    case "Glob":
      return maskKeys(text(input, "pattern"));
    case "Grep":
      // Its pattern may be the very secret that is looked for.
      return basename(text(input, "path"));
    case "Agent":
    case "Task":
      return maskKeys(text(input, "description"));
    default:
      return basename(text(input, "file_path") || text(input, "notebook_path"));
  }
}

/** One line of at most 80 characters; empty when there is nothing safe to say. */
export function toSummary(tool: string, input: JsonObject): string {
  const line = describe(tool, input).replace(/\s+/g, " ").trim();
  // The cut may fall within a character of two units; half a one is none.
  return line.length > MOST ? `${line.slice(0, MOST - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : line;
}
