/** Values written as JSON, YAML and TOML: quoted wherever the syntax would take a text for something else. */
import type { Edit, Format, Step, Value } from "./client.ts";

type ValueMap = { readonly [key: string]: Value };

const INDENT = "  ";

const isMap = (value: Value): value is ValueMap => typeof value === "object" && !Array.isArray(value);
const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** Longest line that a list or an object is put on as a whole, in columns. */
const SHORT_COLUMNS = 72;

/** A value as JSON on one line, with blanks as people write it. */
function formatJsonLine(value: Value): string {
  if (typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(formatJsonLine).join(", ")}]`;
  const members = Object.entries(value).map(([key, held]) => `${JSON.stringify(key)}: ${formatJsonLine(held)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** A value as lines of JSON, the first without indent; what is short stands on one line. `unit` is one indent. */
export function formatJson(value: Value, unit: string): string[] {
  const line = formatJsonLine(value);
  if (typeof value !== "object" || line.length <= SHORT_COLUMNS) return [line];
  const [open, close] = isList(value) ? ["[", "]"] : ["{", "}"];
  const members = isList(value)
    ? value.map((item) => formatJson(item, unit))
    : Object.entries(value).map(([key, held]) => {
        const [first = "", ...rest] = formatJson(held, unit);
        return [`${JSON.stringify(key)}: ${first}`, ...rest];
      });
  const inner = members.flatMap((member, at) =>
    member.map((text, row) => unit + text + (row === member.length - 1 && at < members.length - 1 ? "," : "")),
  );
  return [open, ...inner, close];
}

/** Plain where YAML reads a text: a letter first, and nothing that has a meaning. */
const PLAIN_YAML = /^[A-Za-z][\w./@+-]*(?::\/\/[\w.:/@+-]+[\w/])?$/;
const YAML_WORD = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A text as YAML has it. */
export function formatYamlText(text: string): string {
  return PLAIN_YAML.test(text) && !YAML_WORD.test(text) ? text : JSON.stringify(text);
}

function formatYamlMember(name: string, value: Value): string[] {
  const key = formatYamlText(name);
  if (typeof value !== "object") return [`${key}: ${formatYamlScalar(value)}`];
  if (isList(value) && value.every((item) => typeof item !== "object"))
    return [`${key}: [${value.map(formatYamlScalar).join(", ")}]`];
  return [`${key}:`, ...formatYaml(value).map((line) => INDENT + line)];
}

function formatYamlScalar(value: Value): string {
  return typeof value === "string" ? formatYamlText(value) : JSON.stringify(value);
}

/** A value as lines of block YAML, without indent. */
export function formatYaml(value: Value): string[] {
  if (isMap(value)) return Object.entries(value).flatMap(([name, held]) => formatYamlMember(name, held));
  if (!isList(value)) return [formatYamlScalar(value)];
  return value.flatMap((item) => formatYaml(item).map((line, at) => (at === 0 ? `- ${line}` : INDENT + line)));
}

/** A key as TOML has it. */
export function formatTomlKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}

/** A value on one line of TOML. JSON's texts, numbers and lists are TOML's too. */
export function formatTomlValue(value: Value): string {
  if (!isMap(value)) return isList(value) ? `[${value.map(formatTomlValue).join(", ")}]` : JSON.stringify(value);
  const members = Object.entries(value).map(([key, held]) => `${formatTomlKey(key)} = ${formatTomlValue(held)}`);
  return `{ ${members.join(", ")} }`;
}

/** A table with those below it, as lines. */
export function formatTomlTable(path: readonly string[], table: ValueMap): string[] {
  const pairs = Object.entries(table).filter(([, value]) => !isMap(value));
  const tables = Object.entries(table).filter((pair): pair is [string, ValueMap] => isMap(pair[1]));
  return [
    ...(pairs.length > 0 ? [`[${path.map(formatTomlKey).join(".")}]`] : []),
    ...pairs.map(([key, value]) => `${formatTomlKey(key)} = ${formatTomlValue(value)}`),
    ...tables.flatMap(([key, held], at) => [
      ...(at > 0 || pairs.length > 0 ? [""] : []),
      ...formatTomlTable([...path, key], held),
    ]),
  ];
}

function formatToml(value: Value): string[] {
  if (!isMap(value)) return [];
  const pairs = Object.entries(value).filter(([, held]) => !isMap(held));
  const tables = Object.entries(value).filter((pair): pair is [string, ValueMap] => isMap(pair[1]));
  return [
    ...pairs.map(([key, held]) => `${formatTomlKey(key)} = ${formatTomlValue(held)}`),
    ...tables.flatMap(([key, held]) => [...(pairs.length > 0 ? [""] : []), ...formatTomlTable([key], held)]),
  ];
}

/** A value inside the holders that a path leads through. */
export function toNested(path: readonly Step[], value: Value): Value {
  return path.reduceRight<Value>((held, step) => (typeof step === "string" ? { [step]: held } : [held]), value);
}

function merge(a: Value | undefined, b: Value): Value {
  if (a === undefined) return b;
  if (isList(a) && isList(b)) return [...a, ...b];
  if (!isMap(a) || !isMap(b)) return b;
  const merged: Record<string, Value> = { ...a };
  for (const [key, value] of Object.entries(b)) merged[key] = merge(merged[key], value);
  return merged;
}

/** The settings that edits make of an empty file; those that want a list to be there are left out. */
export function toDocument(edits: readonly Edit[]): Value | undefined {
  return edits
    .filter(({ when }) => when !== "listed")
    .reduce<Value | undefined>((held, { path, value }) => merge(held, toNested(path, value)), undefined);
}

/** A whole document, with a line break at its end. */
export function formatDocument(value: Value, format: Format): string {
  switch (format) {
    case "json":
      return `${formatJson(value, INDENT).join("\n")}\n`;
    case "yaml":
      return `${formatYaml(value).join("\n")}\n`;
    case "toml":
      return `${formatToml(value).join("\n")}\n`;
  }
}
