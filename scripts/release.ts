/**
 * Makes a release up to its upload: `npm run release -- --dry`. Without `--dry` the tag is made and pushed at the end,
 * and the workflow of releases does the same again on its own machine, and uploads. `--tested` leaves the tests out;
 * `--strict` takes what is a warning for a fault, which without `--dry` it always is; `--schemas DIR` as in
 * `npm run check:release`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readNotes } from "./release/notes.ts";
import { ANYWHERE, NAME, RELEASE, TARGETS, toArchive, VERSION } from "./release/targets.ts";

const { values } = parseArgs({
  options: {
    dry: { type: "boolean", default: false },
    tested: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    schemas: { type: "string" },
  },
});
const TAG = `v${VERSION}`;

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}

/** Reasons not to publish what is here. */
function findWarnings(isReleased: boolean): string[] {
  return [
    ...(isReleased ? [] : [`CHANGELOG.md has no heading ${VERSION}`]),
    ...(git("status", "--porcelain") === "" ? [] : ["there are changes that are not committed"]),
    ...(git("tag", "--list", TAG) === "" || git("rev-parse", `${TAG}^{commit}`) === git("rev-parse", "HEAD")
      ? []
      : [`the tag ${TAG} is on another commit`]),
  ];
}

/** Runs a command, or ends the program with its exit code. */
function run(file: string, ...args: readonly string[]): void {
  console.log(`\n$ ${[file, ...args].join(" ")}`);
  const { status } = spawnSync(file, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}

/** The files of the release, with their sizes. @throws Error when an archive is missing. */
function list(): string[] {
  const missing = TARGETS.filter((target) => !existsSync(join(RELEASE, toArchive(target))));
  if (missing.length > 0) throw new Error(`Cannot release: no archive for ${missing.join(", ")}`);
  return readdirSync(RELEASE, { recursive: true, encoding: "utf8" })
    .filter((file) => statSync(join(RELEASE, file)).isFile())
    .sort()
    .map((file) => `${(statSync(join(RELEASE, file)).size / 1e6).toFixed(1).padStart(7)} MB  ${file}`);
}

const notes = readNotes(readFileSync("CHANGELOG.md", "utf8"), VERSION);
const warnings = findWarnings(notes.isReleased);
for (const warning of warnings) console.log(`warning: ${warning}`);
if (warnings.length > 0 && (values.strict || !values.dry)) process.exit(1);

if (!values.tested) run("npm", "test");
run("npm", "run", "package:all");
run("npm", "run", "check:release", ...(values.schemas === undefined ? [] : ["--", "--schemas", values.schemas]));
if (!values.tested) run("npm", "run", "test:binary");
writeFileSync(join(RELEASE, "NOTES.md"), `${notes.text}\n`);
run("npm", "pack", "--silent", "--pack-destination", RELEASE);
// npm builds it once more, and that must be the program that was checked and tested above.
const read = (archive: string, file: string): Buffer =>
  execFileSync("tar", ["-xzOf", join(RELEASE, archive), file], { maxBuffer: 2 ** 26 });
const packed = read(`${NAME}-${VERSION}.tgz`, `package/dist/${NAME}.cjs`);
if (!packed.equals(read(toArchive(ANYWHERE), NAME)))
  throw new Error("Cannot release: npm's package holds another program than the archives");
console.log(`\n${list().join("\n")}\n`);
if (values.dry) {
  console.log(`${TAG} is ready in ${RELEASE}; nothing was uploaded`);
} else {
  if (git("tag", "--list", TAG) === "") run("git", "tag", "--annotate", TAG, "--message", TAG);
  run("git", "push", "origin", TAG);
}
