/**
 * Prometheus' text format, read by the letter of its documentation; whatever that does not allow is an error. Source:
 * https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
 */
import assert from "node:assert/strict";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y;
const HELP_LINE = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n]|\\\\[\\\\n])*)$`);
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE_LINE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)(?: (-?\\d+))?$`);
const FLOAT = /^(?:[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|Inf)|NaN)$/i;

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at;
    const [, key = "", value = ""] = LABEL.exec(text) ?? assert.fail(`label: ${line}`);
    assert.ok(!(key in labels), `label twice: ${line}`);
    labels[key] = value.replace(/\\(.)/g, (_all, held: string) => (held === "n" ? "\n" : held));
    if (text[LABEL.lastIndex] === ",") LABEL.lastIndex++;
    else assert.equal(LABEL.lastIndex, text.length, `label: ${line}`);
  }
  return labels;
}

function readSample(line: string): Sample {
  const [, name = "", labels = "", value = ""] = SAMPLE_LINE.exec(line) ?? assert.fail(`sample: ${line}`);
  assert.match(value, FLOAT, line);
  return { name, labels: readLabels(labels, line), value: Number(value.replace("Inf", "Infinity")) };
}

/** The buckets of each histogram rise, end with +Inf, and agree with the count; no series is there twice. */
function checkFamily({ name, type, samples }: Family): void {
  const seen = new Set(samples.map(({ name: own, labels }) => JSON.stringify([own, Object.entries(labels).sort()])));
  assert.equal(seen.size, samples.length, `${name}: a series is there twice`);
  if (type === "counter") for (const { value } of samples) assert.ok(value >= 0, name);
  if (type !== "histogram") return samples.forEach((sample) => assert.equal(sample.name, name));
  const groups = new Map<string, { buckets: [number, number][]; count?: number; sum?: number }>();
  for (const { name: own, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    const group = groups.get(key) ?? { buckets: [] };
    groups.set(key, group);
    if (own === `${name}_bucket`) group.buckets.push([Number((le ?? "").replace("Inf", "Infinity")), value]);
    else if (own === `${name}_count`) group.count = value;
    else if (own === `${name}_sum`) group.sum = value;
    else assert.fail(`${own} is no part of ${name}`);
  }
  for (const { buckets, count, sum } of groups.values()) {
    assert.ok(buckets.length > 1 && sum !== undefined && count !== undefined, name);
    assert.deepEqual(
      [...buckets].sort((a, b) => a[0] - b[0]),
      buckets,
      `${name}: bounds in order`,
    );
    assert.deepEqual(
      [...buckets].sort((a, b) => a[1] - b[1]),
      buckets,
      `${name}: buckets are cumulative`,
    );
    assert.deepEqual(buckets.at(-1), [Number.POSITIVE_INFINITY, count], `${name}: +Inf is all`);
  }
}

/** Reads a whole exposition. Each family has its HELP and TYPE, once, right before its samples. */
export function readMetrics(text: string): Family[] {
  assert.ok(text.endsWith("\n"), "the last line ends with a newline");
  const families: Family[] = [];
  let help: RegExpExecArray | null = null;
  for (const line of text.slice(0, -1).split("\n")) {
    if (line.startsWith("# HELP")) {
      help = HELP_LINE.exec(line) ?? assert.fail(line);
    } else if (line.startsWith("#")) {
      const [, name = "", type = ""] = TYPE_LINE.exec(line) ?? assert.fail(line);
      assert.equal(help?.[1], name, "HELP goes before TYPE");
      assert.ok(!families.some((family) => family.name === name), `family twice: ${name}`);
      families.push({ name, type, help: help?.[2] ?? "", samples: [] });
    } else {
      const sample = readSample(line);
      const family = families.at(-1) ?? assert.fail(`sample without a family: ${line}`);
      assert.ok(sample.name.startsWith(family.name), line);
      family.samples.push(sample);
    }
  }
  families.forEach(checkFamily);
  return families;
}
