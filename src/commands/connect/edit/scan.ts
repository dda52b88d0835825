/** A reader of JSON, with comments or as JSON5, that keeps the place of every value. Source: https://spec.json5.org */
import { EditError, toLine } from "./edit.ts";

/** A value and its place in the text. */
export interface Node {
  readonly from: number;
  readonly to: number;
  readonly value: unknown;
  /** The members of an object, or the items of an array, whose keys are empty; undefined for all else. */
  readonly members?: readonly Member[];
  /** True where a comma follows the last member. */
  readonly hasTrailingComma?: boolean;
}

/** A member of an object, or an item of an array. */
export interface Member {
  readonly key: string;
  readonly from: number;
  readonly node: Node;
}

const BLANK = /(?:[\s\uFEFF]|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const STRING = /"(?:[^"\\\n\r]|\\[^])*"|'(?:[^'\\\n\r]|\\[^])*'/y;
const NUMBER = /[+-]?(?:0[xX][\da-fA-F]+|Infinity|NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$.])/y;
const NAME = /[\p{L}\p{Nl}$_][\p{L}\p{Nl}$_\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
/** Deepest nesting that is read: no settings file has a tenth of it. */
const MOST_LEVELS = 500;

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "0": "\0",
};

/** The text that a quoted one stands for. */
function unquote(quoted: string): string {
  const pattern = /\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|(\r\n|[^]))/g;
  return quoted.slice(1, -1).replace(pattern, (_all, long?: string, short?: string, plain = "") => {
    const code = long ?? short;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return /^[\r\n\u2028\u2029]/.test(plain) ? "" : (ESCAPES[plain] ?? plain);
  });
}

function toNumber(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  return sign * Number(text.replace(/^[+-]/, ""));
}

/** A text, and how far it has been read. */
interface Cursor {
  /** The character that comes next; undefined at the end. */
  readonly next: string | undefined;
  /** The number of characters that have been read. */
  readonly at: number;
  /** Reads one character. */
  takeOne(): string | undefined;
  /** Reads what a sticky pattern matches here, if it does. */
  take(pattern: RegExp): string | undefined;
  /** Reads blanks and comments. @throws EditError for a comment without an end. */
  skip(): void;
  /** @throws EditError naming the line. */
  fail(what: string): never;
}

function createCursor(text: string): Cursor {
  let at = 0;

  function fail(what: string): never {
    throw new EditError(`line ${toLine(text, at)}: ${what}`);
  }

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  }

  return {
    get next() {
      return text[at];
    },
    get at() {
      return at;
    },
    takeOne: () => text[at++],
    take,
    skip() {
      take(BLANK);
      if (text.startsWith("/*", at)) fail("the comment has no end");
    },
    fail,
  };
}

/** Reads a key, its colon, and the blanks between. */
function readKey({ take, takeOne, skip, fail }: Cursor): string {
  const quoted = take(STRING);
  const key = quoted === undefined ? (take(NAME) ?? fail("expected a key")) : unquote(quoted);
  skip();
  if (takeOne() !== ":") fail('expected ":"');
  return key;
}

function readMembers(cursor: Cursor, close: "}" | "]", level: number): Pick<Node, "members" | "hasTrailingComma"> {
  const { takeOne, skip, fail } = cursor;
  const members: Member[] = [];
  let hasComma = false;
  takeOne();
  for (skip(); cursor.next !== close; skip()) {
    if (members.length > 0 && !hasComma) fail(`expected "," or "${close}"`);
    const from = cursor.at;
    const key = close === "}" ? readKey(cursor) : "";
    skip();
    members.push({ key, from, node: readValue(cursor, level + 1) });
    skip();
    hasComma = cursor.next === ",";
    if (hasComma) takeOne();
  }
  takeOne();
  return { members, hasTrailingComma: hasComma && members.length > 0 };
}

function readScalar({ take, fail }: Cursor): unknown {
  const quoted = take(STRING);
  if (quoted !== undefined) return unquote(quoted);
  const number = take(NUMBER);
  if (number !== undefined) return toNumber(number);
  const word = take(NAME);
  return word !== undefined && Object.hasOwn(WORDS, word) ? WORDS[word] : fail("expected a value");
}

function readValue(cursor: Cursor, level: number): Node {
  if (level > MOST_LEVELS) cursor.fail("it is nested too deeply");
  const from = cursor.at;
  if (cursor.next === "{") {
    const parts = readMembers(cursor, "}", level);
    const value = Object.fromEntries(parts.members?.map(({ key, node }) => [key, node.value]) ?? []);
    return { from, to: cursor.at, value, ...parts };
  }
  if (cursor.next === "[") {
    const parts = readMembers(cursor, "]", level);
    return { from, to: cursor.at, value: parts.members?.map(({ node }) => node.value), ...parts };
  }
  const value = readScalar(cursor);
  return { from, to: cursor.at, value };
}

/** Reads a whole text; undefined when it holds nothing but blanks and comments. @throws EditError. */
export function scan(text: string): Node | undefined {
  const cursor = createCursor(text);
  cursor.skip();
  if (cursor.next === undefined) return undefined;
  const root = readValue(cursor, 0);
  cursor.skip();
  if (cursor.next !== undefined) cursor.fail("expected the end of the file");
  return root;
}
