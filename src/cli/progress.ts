/** What one of the CLI's own tools is doing, in a few words that are safe to show: no content, no options, no secrets. */
import { basename } from "node:path";
import type { JsonObject } from "../lib/json.ts";

const MOST = 80;
const COMMAND_WORDS = 2;

function text(input: JsonObject, key: string): string {
  const value = input[key];
  return typeof value === "string" ? value : "";
}

/** The first plain words of a command: options, assignments, quotes and URLs may hold secrets, so they end it. */
function toFirstWords(command: string): string {
  const words = command.trim().split(/\s+/);
  const from = words.findIndex((word) => !/^\w+=/.test(word));
  const plain: string[] = [];
  for (const word of from === -1 ? [] : words.slice(from, from + COMMAND_WORDS)) {
    if (!/^[\w.+/][\w.+/-]*$/.test(word)) break;
    plain.push(word);
  }
  return plain.join(" ");
}

function toHost(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}

function describe(tool: string, input: JsonObject): string {
  switch (tool) {
    case "Bash":
      return toFirstWords(text(input, "command"));
    case "WebFetch":
      return toHost(text(input, "url"));
    case "WebSearch":
      return text(input, "query");
    case "Grep":
    case "Glob":
      return text(input, "pattern");
    case "Agent":
    case "Task":
      return text(input, "description");
    default:
      return basename(text(input, "file_path"));
  }
}

/** One line of at most 80 characters; empty when there is nothing safe to say. */
export function toSummary(tool: string, input: JsonObject): string {
  const line = describe(tool, input).replace(/\s+/g, " ").trim();
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}
