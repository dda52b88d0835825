/** Edits of YAML files by position. The parser tells where things stand; it never writes the file. */
import { isCollection, isMap, isScalar, isSeq, parseAllDocuments } from "yaml";
import type { Document, Pair, ParsedNode, YAMLMap, YAMLSeq } from "yaml";
import type { Step, Value } from "../../../client/client.ts";
import { formatYaml, toNested } from "../../../client/format.ts";
import { applySplices, EditError, formatPath, toBreak, toIndent, toLine } from "./edit.ts";
import type { Editor, Splice } from "./edit.ts";

type Place = { readonly from: number; readonly to: number };

function read(text: string): Document.Parsed | undefined {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  if (!Array.isArray(documents)) return undefined;
  const [document, ...more] = documents as Document.Parsed[];
  if (more.length > 0) throw new EditError("it holds several documents");
  const error = document?.errors[0];
  if (error) throw new EditError(`line ${toLine(text, error.pos[0])}: ${error.message.split("\n")[0] ?? ""}`);
  return document;
}

/** The place of a node without the blanks and comments behind it. */
function toPlace(node: ParsedNode | null | undefined): Place {
  if (!node) throw new EditError("it is empty");
  const [from, to] = node.range;
  return { from, to };
}

/** The start of the line after a place. */
function toNextLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

/** Blanks up to the column of a place; a byte order mark takes none. */
function toColumn(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return " ".repeat(text.slice(start, at).replace("\uFEFF", "").length);
}

/** Whole lines put in at a place that begins one. */
function insertLines(text: string, at: number, added: readonly string[], indent: string): Splice {
  const line = toBreak(text);
  const start = at > 0 && text[at - 1] !== "\n" ? line : "";
  return { from: at, to: at, text: start + added.map((held) => indent + held + line).join("") };
}

function findPair(map: YAMLMap.Parsed, key: string): Pair<ParsedNode, ParsedNode | null> | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function findItem(list: YAMLSeq.Parsed, key: string, is: string): ParsedNode | undefined {
  return list.items.find((item) => isMap(item) && (item.get(key) as unknown) === is);
}

/** Puts a member or an item behind the last one of a block. */
function append(text: string, holder: YAMLMap.Parsed | YAMLSeq.Parsed, value: Value): Splice {
  const { from, to } = toPlace(holder);
  if (holder.flow) {
    if (holder.items.length > 0 || isMap(holder)) throw new EditError("it is written in braces");
    const indent = `${toIndent(text, from)}  `;
    return {
      from,
      to,
      text:
        toBreak(text) +
        formatYaml(value)
          .map((line) => indent + line)
          .join(toBreak(text)),
    };
  }
  const last = holder.items.at(-1);
  const node = last && "key" in last ? (last.value ?? last.key) : last;
  const indent = toColumn(text, from);
  return insertLines(text, toNextLine(text, toPlace(node as ParsedNode).to), formatYaml(value), indent);
}

/** Puts another value in the place of one. */
function replace(text: string, node: ParsedNode, value: Value): Splice {
  const { from, to } = toPlace(node);
  const lines = formatYaml(value);
  if (isScalar(node)) {
    if (typeof value === "object") throw new EditError("it is not of the expected kind");
    return { from, to, text: lines.join("") };
  }
  if (isCollection(node) && node.flow) return { from, to, text: JSON.stringify(value) };
  const end = text.slice(from, to).trimEnd().length + from;
  return { from, to: end, text: lines.join(toBreak(text) + toColumn(text, from)) };
}

/** The lines for a key that has no value, or a word for none: they stand below it. */
function fill(text: string, key: ParsedNode, held: ParsedNode | null, value: Value): Splice {
  const { from, to } = toPlace(key);
  const indent = `${toColumn(text, from)}  `;
  const word = held && toPlace(held);
  if (word && word.to > word.from) {
    const line = toBreak(text);
    const lines = formatYaml(value).map((row) => line + indent + row);
    return { ...word, text: lines.join("") };
  }
  return insertLines(text, toNextLine(text, to), formatYaml(value), indent);
}

function toSplice(text: string, root: ParsedNode, path: readonly Step[], value: Value): Splice {
  let holder = root;
  for (const [at, step] of path.entries()) {
    const rest = path.slice(at + 1);
    if (typeof step === "string" && isMap(holder)) {
      const pair = findPair(holder, step);
      if (!pair) return append(text, holder, toNested([step, ...rest], value));
      const { key, value: held } = pair;
      if (!held || (isScalar(held) && held.value === null)) return fill(text, key, held, toNested(rest, value));
      holder = held;
    } else if (typeof step !== "string" && isSeq(holder)) {
      const item = findItem(holder, step.key, step.is);
      if (!item) return append(text, holder, toNested([step, ...rest], value));
      holder = item;
    } else throw new EditError("it is not of the expected kind");
  }
  return replace(text, holder, value);
}

/** The value of a document. @throws EditError for aliases that name nothing, or make too much of a small text. */
function toValue(document: Document.Parsed | undefined): unknown {
  try {
    return document?.toJS() as unknown;
  } catch (error) {
    if (error instanceof ReferenceError) throw new EditError(error.message);
    throw error;
  }
}

/** YAML, one document a file. */
export const YAML_EDITOR: Editor = {
  parse: (text) => toValue(read(text)),
  set(text, path, value) {
    const document = read(text);
    const contents = document?.contents;
    try {
      if (!contents || (isScalar(contents) && contents.value === null))
        return applySplices(text, [insertLines(text, text.length, formatYaml(toNested(path, value)), "")]);
      return applySplices(text, [toSplice(text, contents, path, value)]);
    } catch (error) {
      if (error instanceof EditError) throw new EditError(`${formatPath(path)}: ${error.message}`);
      throw error;
    }
  },
};
