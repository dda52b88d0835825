/** The maps: every file they name is there, and every fact that is cited is one. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { FACTS_FILE, readFacts } from "../scripts/probe/fact.ts";
import { MEASUREMENTS } from "../scripts/probe/measure.ts";

/** Each map, with the folder that its file names start from. */
const MAPS: readonly (readonly [map: string, base: string])[] = [
  ["src/README.md", "src"],
  ["src/cli/README.md", ""],
  ["scripts/README.md", "scripts"],
  ["test/README.md", "test"],
  [".github/CONTRIBUTING.md", ""],
];

/** Maps that are to name each file of a folder, and the folder. */
const WHOLE_MAPS: readonly (readonly [map: string, folder: string, named: string])[] = [
  ["test/README.md", "test/helpers", "helpers/"],
  ["scripts/README.md", "scripts", ""],
];

/** Files named in code marks. `codec/<protocol>/decode.ts` stands for those of every protocol. */
function toNamed(text: string): string[] {
  return [...text.matchAll(/`([\w./<>-]+\.(?:ts|mjs|json|rb|sh)|[\w./-]+\/)`/g)].map(([, name]) => name ?? "");
}

function toPossible(base: string, name: string): string[] {
  const names = name.includes("<protocol>")
    ? ["chat", "responses", "messages"].map((protocol) => name.replace("<protocol>", protocol))
    : [name];
  return names.map((path) => (existsSync(join(base, path)) ? join(base, path) : path));
}

function findFiles(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );
}

for (const [map, base] of MAPS) {
  test(`every file that ${map} names exists`, () => {
    const text = readFileSync(map, "utf8");
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => join(dirname(map), path ?? ""));
    const missing = [...toNamed(text).flatMap((name) => toPossible(base, name)), ...links].filter(
      (path) => !existsSync(path),
    );
    assert.deepEqual(missing, []);
    assert.ok(toNamed(text).length > 0 || links.length > 0);
  });
}

/** The headings of a page, as GitHub makes anchors of them. */
function toAnchors(text: string): string[] {
  const headings = text.matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, words = ""]) =>
    words
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

const PAGES = ["README.md", ...[".github", "scripts", "src", "test"].flatMap(findPages)];

function findPages(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => join(folder, name));
}

test("every link of a page leads to a file, and to a heading in it", () => {
  const broken = PAGES.flatMap((page) => {
    const links = [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    return links.flatMap(([link, path = "", anchor]) => {
      const file = path === "" ? page : join(dirname(page), path);
      if (!existsSync(file)) return [`${page}: ${link}`];
      return anchor === undefined || toAnchors(readFileSync(file, "utf8")).includes(anchor) ? [] : [`${page}: ${link}`];
    });
  });
  assert.deepEqual(broken, []);
  assert.ok(PAGES.length > 8, String(PAGES));
});

for (const [map, folder, prefix] of WHOLE_MAPS) {
  test(`${map} names every file of ${folder}`, () => {
    const named = toNamed(readFileSync(map, "utf8"));
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    assert.deepEqual(
      files.filter((name) => !named.includes(`${prefix}${name}`)),
      [],
    );
  });
}

test("every folder of src is on the map", () => {
  const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const map = readFileSync("src/README.md", "utf8");
  assert.deepEqual(
    folders.map(({ name }) => name).filter((name) => !map.includes(`| \`${name}/\` |`)),
    [],
  );
});

test("facts about the CLI are numbered once and in order, and every cited one is there", () => {
  const ids = readFacts().map(({ id }) => id);
  const toNumber = (id: string): number => Number(id.slice(1));
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => toNumber(a) - toNumber(b)),
  );
  assert.equal(readFileSync(FACTS_FILE, "utf8").match(/^- \*\*P/gm)?.length, ids.length, "a fact cannot be read");
  const unknown = findFiles("src", "scripts", "test").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\(((?:P\d+)(?:, P\d+)*)\)/g)]
      .flatMap(([, cited = ""]) => cited.split(", "))
      .filter((id) => !ids.includes(id))
      .map((id) => `${file}: ${id}`),
  );
  assert.deepEqual(unknown, []);
});

test("a fact is measured as it says: by the probe, by a test that is there, or by hand", () => {
  const facts = readFacts();
  assert.deepEqual(
    facts.filter(({ measuredBy }) => measuredBy === "probe").map(({ id }) => id),
    facts.map(({ id }) => id).filter((id) => Object.hasOwn(MEASUREMENTS, id)),
  );
  assert.deepEqual(
    Object.keys(MEASUREMENTS).filter((id) => !facts.some((fact) => fact.id === id)),
    [],
  );
  const others = facts.map(({ measuredBy }) => measuredBy).filter((way) => way !== "probe" && way !== "hand");
  assert.deepEqual(
    others.filter((path) => !existsSync(path)),
    [],
  );
});
