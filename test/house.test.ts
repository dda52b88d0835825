/** The house rules, enforced over src: floors, powers, sizes, headers. Each failure names file and line. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MOST_LINES = 300;
const MOST_COLUMNS = 120;

interface Source {
  /** Path below src, with slashes. */
  readonly path: string;
  readonly lines: readonly string[];
}

const SOURCES: readonly Source[] = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({
    path: name.replaceAll("\\", "/"),
    lines: readFileSync(join(ROOT, "src", name), "utf8").split("\n"),
  }));

interface Import {
  readonly source: Source;
  readonly line: number;
  readonly target: string;
  readonly isType: boolean;
}

/** All imports, static ones over several lines and dynamic ones too. */
function toImports(source: Source): Import[] {
  const text = source.lines.join("\n");
  const found = text.matchAll(
    /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"|\bimport\(\s*["'`]([^"'`]+)|\brequire\(\s*["'`]([^"'`]+)/gm,
  );
  return [...found].map((match) => ({
    source,
    line: text.slice(0, match.index).split("\n").length,
    target: match[1] ?? match[2] ?? match[3] ?? "",
    isType: /^(?:import|export)\s+type\s/.test(match[0]),
  }));
}

const IMPORTS = SOURCES.flatMap(toImports);

const FLOORS: Readonly<Record<string, number>> = {
  commands: 5,
  config: 5,
  http: 4,
  page: 3,
  session: 3,
  notify: 3,
  meter: 2,
  codec: 2,
  cli: 2,
  client: 1,
  core: 1,
  lib: 0,
};
const TOP = 5;

/** The first folder below src; empty for a file that stands there itself. */
const toFolder = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : "");

function toFloor(path: string): number {
  const folder = toFolder(path);
  const floor = folder === "" ? TOP : FLOORS[folder];
  assert.ok(floor !== undefined, `src/${path}: ${folder} has no floor`);
  return floor;
}

const isProgram = (path: string): boolean => path === "main.ts" || path.startsWith("commands/");
const at = ({ source, line }: Import): string => `src/${source.path}:${line}`;

/** Code lines that match and are not in a file that may have them. Comments and texts in quotes do not count. */
function findLines(pattern: RegExp, isAllowed: (path: string) => boolean): string[] {
  return SOURCES.filter(({ path }) => !isAllowed(path)).flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const code = line.replace(/"(?:[^"\\]|\\.)*"|\/\/.*$|\/\*.*?\*\//g, "");
      return /^\s*(?:\/?\*)/.test(code) || !pattern.test(code) ? [] : [`src/${path}:${index + 1}: ${line.trim()}`];
    }),
  );
}

const never = (): boolean => false;

test("there is something to check", () => {
  assert.ok(SOURCES.length > 40 && IMPORTS.length > 150, `${SOURCES.length} files, ${IMPORTS.length} imports`);
});

test("imports go down or stay on their floor", () => {
  const inner = IMPORTS.filter(({ target }) => target.startsWith("."));
  const rising = inner.filter(({ source, target }) => {
    const path = join(dirname(source.path), target).replaceAll("\\", "/");
    return !path.startsWith("..") && toFloor(path) > toFloor(source.path);
  });
  assert.deepEqual(
    rising.map((held) => `${at(held)} imports ${held.target}`),
    [],
  );
});

test("codec and cli never import each other", () => {
  const crossing = IMPORTS.filter(({ source, target }) => {
    const folders = [toFolder(source.path), toFolder(join(dirname(source.path), target).replaceAll("\\", "/"))];
    return folders.includes("codec") && folders.includes("cli");
  });
  assert.deepEqual(
    crossing.map((held) => `${at(held)} imports ${held.target}`),
    [],
  );
});

test("the page's own code takes nothing but types and the table of clients from the rest", () => {
  const taken = IMPORTS.filter(
    ({ source, target, isType }) =>
      toFolder(source.path) === "page" && target.startsWith("../") && !target.startsWith("../client/") && !isType,
  );
  assert.deepEqual(taken.map(at), []);
});

test("the table of clients takes nothing from anywhere: the page is built from it", () => {
  const taken = IMPORTS.filter(({ source, target }) => toFolder(source.path) === "client" && !target.startsWith("./"));
  assert.deepEqual(taken.map(at), []);
});

test("only package.json is imported from outside src, and only by the program", () => {
  const outside = IMPORTS.filter(
    ({ source, target }) => target.startsWith(".") && join(dirname(source.path), target).startsWith(".."),
  );
  assert.deepEqual(
    outside.filter(({ source, target }) => source.path !== "main.ts" || !target.endsWith("package.json")).map(at),
    [],
  );
});

/** Parsers that are bundled at build, for the settings of clients alone. */
const BUNDLED = ["yaml", "smol-toml"];

test("every other import is one of Node's own modules, or a parser that connect has bundled", () => {
  const foreign = IMPORTS.filter(({ source, target }) => {
    const isParser = BUNDLED.includes(target) && source.path.startsWith("commands/connect/");
    return !target.startsWith(".") && !target.startsWith("node:") && !isParser;
  });
  assert.deepEqual(
    foreign.map((held) => `${at(held)} imports ${held.target}`),
    [],
  );
});

test("inner imports name the file, with its ending", () => {
  const inner = IMPORTS.filter(({ target }) => target.startsWith(".") && !/\.(ts|json)$/.test(target));
  assert.deepEqual(inner.map(at), []);
});

test("processes are started in cli/process/ and by commands only", () => {
  const isAllowed = (path: string): boolean => path.startsWith("cli/process/") || path.startsWith("commands/");
  assert.deepEqual(
    IMPORTS.filter(({ source, target }) => /^(?:node:)?child_process$/.test(target) && !isAllowed(source.path)).map(at),
    [],
  );
});

test("describing a service does not load the server", () => {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { source, target, isType } of IMPORTS)
      if (source.path === path && target.startsWith(".") && !isType)
        visit(join(dirname(path), target).replaceAll("\\", "/"));
  };
  for (const name of ["plan", "systemd", "launchd", "task", "unit"]) visit(`commands/service/${name}.ts`);
  assert.ok(seen.size > 10);
  assert.deepEqual(
    [...seen].filter((path) => /^(commands\/serve|http\/(server|route)|session\/)/.test(path)),
    [],
  );
});

test("the environment is read in config/ and main.ts only", () => {
  assert.deepEqual(
    findLines(
      /\bprocess\s*(?:\?\.|\.)\s*env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/,
      (path) => path.startsWith("config/") || path === "main.ts",
    ),
    [],
  );
  const named = IMPORTS.filter(({ target }) => /^(?:node:)?process$/.test(target));
  assert.deepEqual(named.map(at), []);
});

test("the command line is read in main.ts only", () => {
  assert.deepEqual(
    findLines(/\bprocess\s*\.\s*argv\b/, (path) => path === "main.ts"),
    [],
  );
});

test("node:http is used by http/ and main.ts only; others know its types at most", () => {
  const isAllowed = (path: string): boolean => path === "main.ts" || path.startsWith("http/");
  const used = IMPORTS.filter(
    ({ source, target, isType }) =>
      /^(?:node:)?(?:http|https|http2|net|tls)$/.test(target) && !isType && !isAllowed(source.path),
  );
  assert.deepEqual(used.map(at), []);
});

test("every answer is ended by endAnswer, which lets a client go that does not read it", () => {
  const isAllowed = (path: string): boolean => path === "http/exchange.ts" || isProgram(path);
  assert.deepEqual(findLines(/\bresponse\b.*\.end\(/, isAllowed), []);
});

test("the console is used by the log, the program and commands only", () => {
  assert.deepEqual(
    findLines(/\bconsole\b|\bprocess\s*\.\s*std(?:out|err)\b/, (path) => path === "lib/log.ts" || isProgram(path)),
    [],
  );
});

test("the process is ended by the program only", () => {
  assert.deepEqual(findLines(/\bprocess\s*\.\s*(?:exit|exitCode|abort)\b/, isProgram), []);
});

test(`no file has more than ${MOST_LINES} lines`, () => {
  assert.deepEqual(
    SOURCES.filter(({ lines }) => lines.length - 1 > MOST_LINES).map(
      ({ path, lines }) => `src/${path}:${lines.length - 1}`,
    ),
    [],
  );
});

test("every file begins with a sentence about itself", () => {
  const bare = SOURCES.filter(({ lines }) => {
    const first = lines[0]?.startsWith("#!") ? lines[1] : lines[0];
    return !/^\/\*\*(?: \S|$)/.test(first ?? "");
  });
  assert.deepEqual(
    bare.map(({ path }) => `src/${path}:1`),
    [],
  );
});

test("nothing is exported by default", () => {
  assert.deepEqual(findLines(/\bexport\s+default\b|\bas\s+default\b/, never), []);
});

test("no value is of type any", () => {
  assert.deepEqual(findLines(/(?::|<|\bas|,|\||=>)\s*any\b(?!\s*[(:])/, never), []);
});

test("no check of the compiler or the linter is switched off", () => {
  const off = SOURCES.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      /@ts-(?:ignore|nocheck|expect-error)|(?:eslint|oxlint)-disable/.test(line) ? [`src/${path}:${index + 1}`] : [],
    ),
  );
  assert.deepEqual(off, []);
});

test("nothing is left to be done", () => {
  const marks = SOURCES.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      /\b(?:TODO|FIXME|XXX|HACK)\b/.test(line) ? [`src/${path}:${index + 1}: ${line.trim()}`] : [],
    ),
  );
  assert.deepEqual(marks, []);
});

test("no catch is empty", () => {
  assert.deepEqual(findLines(/\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}/, never), []);
});

test("the package depends on nothing at run time", () => {
  const declared = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Readonly<Record<string, unknown>>;
  for (const name of [
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundleDependencies",
    "bundledDependencies",
  ]) {
    assert.equal(declared[name], undefined, `package.json: ${name}`);
  }
});

/** Lines that declare an export; re-exports have the docs of their origin. */
const DECLARATION = /^export (?:async )?(?:function|const|interface|type|class) /;

test("every export has a doc comment right above it", () => {
  const bare = SOURCES.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) =>
      DECLARATION.test(line) && !lines[at - 1]?.trimEnd().endsWith("*/") ? [`src/${path}:${at + 1}: ${line}`] : [],
    ),
  );
  assert.deepEqual(bare, []);
});

/** The beginning of a doc comment, on the line of its mark or on the next. */
const QUESTION = /\/\*\*(?:\s+\*)? (?:What|When|Where|Who|Whoever|Why|Whatever|How|Whether) .*/g;

test("no doc comment begins with a question word: it says what the thing is", () => {
  const riddles = SOURCES.flatMap(({ path, lines }) =>
    [...lines.join("\n").matchAll(QUESTION)].map(([found]) => `src/${path}: ${found}`),
  );
  assert.deepEqual(riddles, []);
});

test("no line is longer than 120 columns", () => {
  const long = SOURCES.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) => (line.length > MOST_COLUMNS ? [`src/${path}:${at + 1}`] : [])),
  );
  assert.deepEqual(long, []);
});
