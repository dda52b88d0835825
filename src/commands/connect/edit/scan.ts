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

/** Reads a whole text; undefined when it holds nothing but blanks and comments. @throws EditError. */
export function scan(text: string): Node | undefined {
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

  function skip(): void {
    take(BLANK);
    if (text.startsWith("/*", at)) fail("the comment has no end");
  }

  function readKey(): string {
    const quoted = take(STRING);
    if (quoted !== undefined) return unquote(quoted);
    return take(NAME) ?? fail("expected a key");
  }

  function readMembers(close: string, level: number): Pick<Node, "members" | "hasTrailingComma"> {
    const members: Member[] = [];
    let hasComma = false;
    at++;
    for (skip(); text[at] !== close; skip()) {
      if (members.length > 0 && !hasComma) fail(`expected "," or "${close}"`);
      const from = at;
      const key = close === "}" ? readKey() : "";
      skip();
      if (close === "}" && text[at++] !== ":") fail('expected ":"');
      skip();
      members.push({ key, from, node: readValue(level + 1) });
      skip();
      hasComma = text[at] === ",";
      if (hasComma) at++;
    }
    at++;
    return { members, hasTrailingComma: hasComma && members.length > 0 };
  }

  function readScalar(): unknown {
    const quoted = take(STRING);
    if (quoted !== undefined) return unquote(quoted);
    const number = take(NUMBER);
    if (number !== undefined) return toNumber(number);
    const word = take(NAME);
    return word !== undefined && Object.hasOwn(WORDS, word) ? WORDS[word] : fail("expected a value");
  }

  function readValue(level: number): Node {
    if (level > MOST_LEVELS) fail("it is nested too deeply");
    const from = at;
    if (text[at] === "{") {
      const parts = readMembers("}", level);
      const value = Object.fromEntries(parts.members?.map(({ key, node }) => [key, node.value]) ?? []);
      return { from, to: at, value, ...parts };
    }
    if (text[at] === "[") {
      const parts = readMembers("]", level);
      return { from, to: at, value: parts.members?.map(({ node }) => node.value), ...parts };
    }
    const value = readScalar();
    return { from, to: at, value };
  }

  skip();
  if (at === text.length) return undefined;
  const root = readValue(0);
  skip();
  if (at < text.length) fail("expected the end of the file");
  return root;
}
