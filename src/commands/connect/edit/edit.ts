/** An edit of a settings file by position: all that it does not name stays byte for byte. */
import type { Step, Value } from "../../../client/client.ts";

/** The file is not laid out in a way that can be edited; the message says why. */
export class EditError extends Error {}

/** A replacement of a part of a text. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** One syntax of settings. */
export interface Editor {
  /** The file's value; undefined when it is empty. @throws EditError when it cannot be read, naming the line. */
  parse(text: string): unknown;
  /** The text with the value under the path. @throws EditError. */
  set(text: string, path: readonly Step[], value: Value): string;
}

/** Applies splices that do not overlap, in any order; of two at the same place, the first comes first. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = splices.map((splice, at) => ({ ...splice, at })).sort((a, b) => b.from - a.from || b.at - a.at);
  return ordered.reduce((held, { from, to, text: next }) => held.slice(0, from) + next + held.slice(to), text);
}

/** The number of the line at a place, from 1. */
export const toLine = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** The text's line break. */
export const toBreak = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** The blanks that a place's line begins with. */
export function toIndent(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))?.[0] ?? "";
}

/** A path as people read it. */
export function formatPath(path: readonly Step[]): string {
  return path.map((step) => (typeof step === "string" ? step : step.is)).join(".");
}
