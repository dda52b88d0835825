/** Members and items of JSON files, with comments or as JSON5, taken out or put back by position. */
import { isObject } from "../../../lib/json.ts";
import type { Value } from "../../../client/client.ts";
import { applySplices, EditError } from "./edit.ts";
import type { Splice } from "./edit.ts";
import { formatAt } from "./json.ts";
import { scan } from "./scan.ts";
import type { Node } from "./scan.ts";

/** A member's key, or an item's number from 0. */
export type Place = string | number;

/** A member or an item: its value as it was, or none for one that was not there. */
export interface Restoration {
  readonly path: readonly Place[];
  readonly value: unknown;
}

/** The blanks and comments behind a value, and the comma after them. */
const UNTIL_COMMA = /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*?,/;

/** Number of the member that a step leads to. */
function findIndex({ members = [] }: Node, step: Place | undefined): number {
  return typeof step === "number" ? step : members.findLastIndex(({ key }) => key === step);
}

/** The comma that follows a place, to be taken out. */
function toComma(text: string, at: number): Splice | undefined {
  const found = UNTIL_COMMA.exec(text.slice(at))?.[0];
  return found === undefined ? undefined : { from: at + found.length - 1, to: at + found.length, text: "" };
}

/** The lines from one place to another as wholes, with their last break, where nothing else stands on them. */
function widen(text: string, { from, to }: Splice): Splice {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const after = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(to))?.[0];
  const isAlone = text.slice(start, from).trim() === "" && after !== undefined;
  return isAlone ? { from: start, to: to + after.length, text: "" } : { from, to, text: "" };
}

/** Takes a member out, with its comma; comments stay. */
function remove(text: string, holder: Node, index: number): string {
  const { members = [], hasTrailingComma } = holder;
  const member = members[index];
  if (!member) return text;
  const isLast = index === members.length - 1;
  const previous = members[index - 1];
  const own = { from: member.from, to: member.node.to, text: "" };
  const comma = isLast && hasTrailingComma !== true ? undefined : toComma(text, own.to);
  const freed = isLast && previous && hasTrailingComma !== true ? toComma(text, previous.node.to) : undefined;
  // A comma right behind the value goes with it; one behind a comment goes alone.
  const isNear = comma !== undefined && text.slice(own.to, comma.from).trim() === "";
  const whole = widen(text, isNear ? { ...own, to: comma.to } : own);
  const splices = [freed, whole, isNear ? undefined : comma];
  return applySplices(
    text,
    splices.filter((splice) => splice !== undefined),
  );
}

/** The text with the value put back, or taken out when it is undefined. @throws EditError when it has no such place. */
export function restore(text: string, { path, value }: Restoration): string {
  let holder = scan(text);
  for (const step of path.slice(0, -1)) holder = holder?.members?.[findIndex(holder, step)]?.node;
  const index = holder ? findIndex(holder, path.at(-1)) : -1;
  const member = holder?.members?.[index];
  if (!holder || !member) throw new EditError(`${path.join(".")}: it is not there`);
  if (value === undefined) return remove(text, holder, index);
  const { from, to } = member.node;
  return applySplices(text, [{ from, to, text: formatAt(text, value as Value, from) }]);
}

/** The value that `restore` makes of a text's. */
export function withRestored(value: unknown, { path: [step, ...rest], value: old }: Restoration): unknown {
  if (step === undefined) return old;
  const isGone = rest.length === 0 && old === undefined;
  if (Array.isArray(value)) {
    const items = (value as readonly unknown[]).map((item, at) =>
      at === step && !isGone ? withRestored(item, { path: rest, value: old }) : item,
    );
    return isGone ? items.filter((_item, at) => at !== step) : items;
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([key, held]) =>
    key === step && !isGone ? [key, withRestored(held, { path: rest, value: old })] : [key, held],
  ) as [string, unknown][];
  return Object.fromEntries(members.filter(([key]) => !(isGone && key === step)));
}
