/** All edits of a client's settings on the text of its file, checked: nothing but what was asked for has changed. */
import { isDeepStrictEqual } from "node:util";
import type { Edit, Format, Step, Value } from "../../../client/client.ts";
import { formatDocument, toDocument } from "../../../client/format.ts";
import { isObject } from "../../../lib/json.ts";
import { EditError, formatPath } from "./edit.ts";
import type { Editor } from "./edit.ts";
import { JSON_EDITOR } from "./json.ts";
import { TOML_EDITOR } from "./toml.ts";
import { YAML_EDITOR } from "./yaml.ts";

/** The editor of each syntax. */
export const EDITORS: Readonly<Record<Format, Editor>> = { json: JSON_EDITOR, toml: TOML_EDITOR, yaml: YAML_EDITOR };

const toItem =
  ({ key, is }: Exclude<Step, string>) =>
  (item: unknown): boolean =>
    isObject(item) && item[key] === is;

/** The value under a path; undefined where there is none. */
export function findValue(document: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((held, step) => {
    if (typeof step === "string") return isObject(held) && Object.hasOwn(held, step) ? held[step] : undefined;
    return Array.isArray(held) ? (held as readonly unknown[]).find(toItem(step)) : undefined;
  }, document);
}

/** The document with the value under the path; what it does not name is the same. */
function withValue(document: unknown, path: readonly Step[], value: Value): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "string") {
    const holder = isObject(document) ? document : {};
    return { ...holder, [step]: withValue(holder[step], rest, value) };
  }
  const list: readonly unknown[] = Array.isArray(document) ? document : [];
  const at = list.findIndex(toItem(step));
  return at === -1
    ? [...list, withValue(undefined, rest, value)]
    : list.map((item, index) => (index === at ? withValue(item, rest, value) : item));
}

/** True for an edit that is to be made of this document; `areDefaults` tells whether those of the client's are. */
function isDue({ path, when }: Edit, document: unknown, areDefaults: boolean): boolean {
  switch (when) {
    case "absent":
      return findValue(document, path) === undefined;
    case "chosen":
      return areDefaults;
    case "listed":
      return findValue(document, path.slice(0, -1)) !== undefined;
    default:
      return true;
  }
}

/** Parsers give dates, big numbers and null prototypes; only equality of the plain values counts. */
const isSame = (a: unknown, b: unknown): boolean =>
  isDeepStrictEqual(structuredClone(a ?? {}), structuredClone(b ?? {}));

/** A file of comments alone may lack its last line break. */
const toStart = (text: string): string => (text.trim() === "" || text.endsWith("\n") ? "" : "\n");

/** The text of a file that says nothing yet, with all settings behind its comments. */
function fill(text: string, format: Format, edits: readonly Edit[]): string {
  const document = toDocument(edits);
  const filled = text + toStart(text) + (document === undefined ? "" : formatDocument(document, format));
  // A word for nothing, such as null, would stand before them.
  if (!isSame(EDITORS[format].parse(filled), document)) throw new EditError("it is not of the expected kind");
  return filled;
}

/** The value of an edited text; undefined when that cannot be read: the lines of its errors are not the user's. */
function parseEdited({ parse }: Editor, edited: string): unknown {
  try {
    return parse(edited);
  } catch (error) {
    if (error instanceof EditError) return undefined;
    throw error;
  }
}

/** The text with all edits that are due. @throws EditError when it cannot be read, or not be edited by position. */
export function applyEdits(text: string, format: Format, edits: readonly Edit[], isChosen: boolean): string {
  const editor = EDITORS[format];
  let document = editor.parse(text);
  // YAML has null for a file of comments alone.
  if (document === undefined || (document === null && format === "yaml")) return fill(text, format, edits);
  // A model of ours for a provider of the user's, or the other way round, would be a setting that works with neither.
  const areDefaults =
    isChosen || edits.every(({ path, when }) => when !== "chosen" || findValue(document, path) === undefined);
  let edited = text;
  for (const edit of edits) {
    if (!isDue(edit, document, areDefaults) || isDeepStrictEqual(findValue(document, edit.path), edit.value)) continue;
    edited = editor.set(edited, edit.path, edit.value);
    const wanted = withValue(document, edit.path, edit.value);
    document = parseEdited(editor, edited);
    if (!isSame(document, wanted)) throw new EditError(`${formatPath(edit.path)}: it is laid out in an unusual way`);
  }
  return edited;
}
