/**
 * The entry of this program taken out of a JSON file that another program has laid out anew, as OpenClaw does: it is
 * found by its values, since its lines are there no more.
 */
import { isDeepStrictEqual } from "node:util";
import { ENTRY } from "../../client/client.ts";
import type { Edit } from "../../client/client.ts";
import { isObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import { findValue } from "./edit/apply.ts";
import { EditError } from "./edit/edit.ts";
import { scan } from "./edit/scan.ts";
import { restore, withRestored } from "./edit/unset.ts";
import type { Place, Restoration } from "./edit/unset.ts";
import type { ConnectRecord } from "./record.ts";

/** A value now, before connect and after it, and where it stands. */
interface Versions {
  readonly now: unknown;
  readonly before: unknown;
  readonly after: unknown;
  readonly path: readonly Place[];
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function fail(path: readonly Place[]): never {
  throw new EditError(`${path.join(".")}: it was changed`);
}

/** Items that connect has put in or replaced, wherever they stand by now. */
function compareLists(now: readonly unknown[], before: readonly unknown[], versions: Versions): Restoration[] {
  const { after, path } = versions;
  if (!isList(after)) return fail(path);
  return after.flatMap((item, at) => {
    if (isDeepStrictEqual(item, before[at])) return [];
    const index = now.findIndex((held) => isDeepStrictEqual(held, item));
    return index === -1 ? fail(path) : [{ path: [...path, index], value: before[at] }];
  });
}

function compareObjects(now: JsonObject, before: JsonObject, { after, path }: Versions): Restoration[] {
  // An entry is taken out as a whole or not at all: a rest of it would be a broken one.
  if (path.includes(ENTRY) || !isObject(after)) return fail(path);
  if (Object.keys(before).some((key) => !Object.hasOwn(after, key))) return fail(path);
  return Object.entries(after).flatMap(([key, value]) => {
    const inner = [...path, key];
    if (!Object.hasOwn(before, key) && !Object.hasOwn(now, key)) return [];
    return compare({ now: now[key], before: before[key], after: value, path: inner });
  });
}

/** The changes that put the values of connect back; all else stays. @throws EditError where one was changed since. */
function compare(versions: Versions): Restoration[] {
  const { now, before, after, path } = versions;
  if (isDeepStrictEqual(before, after)) return [];
  if (isDeepStrictEqual(now, after) && path.length > 0) return [{ path, value: before }];
  if (isObject(now) && (before === undefined || isObject(before))) return compareObjects(now, before ?? {}, versions);
  if (isList(now) && (before === undefined || isList(before))) return compareLists(now, before ?? [], versions);
  return fail(path);
}

/** Later items first, so that the places of the others stay true. */
function compareLater({ path: a }: Restoration, { path: b }: Restoration): number {
  const at = a.findIndex((step, index) => step !== b[index]);
  const [one, other] = [a[at], b[at]];
  if (typeof one === "number" && typeof other === "number") return other - one;
  return String(one) < String(other) ? -1 : 1;
}

/** Members of lists of models: the client puts them in itself, once it has been told to use one. */
function findListed(now: unknown, before: unknown, edits: readonly Edit[]): Restoration[] {
  return edits.flatMap(({ path, value, when }) => {
    const keys = path.filter((step) => typeof step === "string");
    const isOurs = when === "listed" && isDeepStrictEqual(findValue(now, path), value);
    return isOurs && findValue(before, path) === undefined ? [{ path: keys, value: undefined }] : [];
  });
}

/** The value after connect, with what the client has written into the entry itself. */
function withVolatile(after: unknown, now: unknown, edits: readonly Edit[]): unknown {
  const places = edits.flatMap(({ path, volatile = [] }) => volatile.map((member) => [...path, member]));
  return places.reduce<unknown>((held, place) => {
    const value = findValue(now, place);
    const path = place.filter((step) => typeof step === "string");
    return value === undefined ? held : withRestored(held, { path, value });
  }, after);
}

/**
 * The text without what connect has written, and with what it had replaced; `gone` when nothing else is left of a file
 * that was not there. @throws EditError when a value of it was changed since, or the file cannot be read.
 */
export function takeOut({ before, after }: ConnectRecord, text: string, edits: readonly Edit[]): string | "gone" {
  const now = scan(text)?.value;
  const old = scan(before ?? "")?.value;
  const written = withVolatile(scan(after)?.value, now, edits);
  const changes = compare({ now, before: old, after: written, path: [] });
  const isCovered = ({ path }: Restoration): boolean =>
    changes.some((held) => held.path.every((step, at) => step === path[at]));
  const ordered = [...changes, ...findListed(now, old, edits).filter((listed) => !isCovered(listed))].sort(
    compareLater,
  );
  const restored = ordered.reduce(restore, text);
  const left = scan(restored)?.value;
  if (!isDeepStrictEqual(left, ordered.reduce(withRestored, now)))
    throw new EditError("it is laid out in an unusual way");
  return before === undefined && isDeepStrictEqual(left, isList(left) ? [] : {}) ? "gone" : restored;
}
