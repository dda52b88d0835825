/** The CLI on a machine: where it is looked for, which version will do, and whether it is signed in. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, isAbsolute, join, relative } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { findClaude, readLogin, readVersion, toFiles, toPathFolders } from "../../../src/cli/install/find.ts";
import { MINIMUM_VERSION } from "../../../src/cli/install/release.ts";
import { ProxyError } from "../../../src/core/error.ts";

const FAKE = fileURLToPath(new URL("../../fixtures/fake-cli.sh", import.meta.url));
const { PATH = "" } = process.env;

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "find-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An executable file that does what the script says. */
async function writeProgram(file: string, script = "", mode = 0o755): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, mode);
  return file;
}

/** Looks in these folders only; the rest of the machine is out of sight as far as it can be. */
function find(
  home: string,
  folders: readonly string[],
  more: { given?: string; program?: string } = {},
): Promise<string> {
  return findClaude({
    given: more.given,
    environment: { PATH: folders.join(delimiter) },
    home,
    program: more.program ?? join(home, "none/main.ts"),
  });
}

const isUnavailable = (words: RegExp) => (error: unknown) =>
  error instanceof ProxyError && error.kind === "unavailable" && words.test(error.message);
const toCommand = (file: string, env: NodeJS.ProcessEnv = {}) => ({ file, cwd: tmpdir(), env: { PATH, ...env } });

test("the first claude on PATH is found, and empty parts of PATH are no folders", async (t) => {
  const folder = await makeFolder(t);
  const second = await writeProgram(join(folder, "b/claude"));
  await writeProgram(join(folder, "c/claude"));
  assert.equal(await find(folder, ["", join(folder, "a"), join(folder, "b"), join(folder, "c")]), second);
});

test("PATH comes before the usual install places, and they are found without PATH", async (t) => {
  const folder = await makeFolder(t);
  const usual = await writeProgram(join(folder, ".local/bin/claude"));
  assert.equal(await find(folder, []), usual);
  const first = await writeProgram(join(folder, "a/claude"));
  assert.equal(await find(folder, [join(folder, "a")]), first);
});

test("Windows may spell PATH in any way; elsewhere another spelling is another variable", () => {
  const folders = [String.raw`C:\bin`, String.raw`D:\bin`];
  for (const name of ["Path", "PATH", "path"])
    assert.deepEqual(toPathFolders({ Other: "x", [name]: folders.join(";") }, true), folders);
  assert.deepEqual(toPathFolders({ Path: "/a:/b" }, false), []);
  assert.deepEqual(toPathFolders({}, true), []);
});

test("a file that may not be run is passed over", async (t) => {
  const folder = await makeFolder(t);
  await writeProgram(join(folder, "a/claude"), "", 0o644);
  const good = await writeProgram(join(folder, "b/claude"));
  assert.equal(await find(folder, [join(folder, "a"), join(folder, "b")]), good);
});

test("a folder that is called claude is passed over", async (t) => {
  const folder = await makeFolder(t);
  await mkdir(join(folder, "a/claude"), { recursive: true });
  const good = await writeProgram(join(folder, "b/claude"));
  assert.equal(await find(folder, [join(folder, "a"), join(folder, "b")]), good);
});

test("a link to the program is as good as the program", async (t) => {
  const folder = await makeFolder(t);
  const target = await writeProgram(join(folder, "versions/2.1.330"));
  await mkdir(join(folder, "bin"));
  await symlink(target, join(folder, "bin/claude"));
  assert.equal(await find(folder, [join(folder, "bin")]), join(folder, "bin/claude"));
});

test("a relative part of PATH gives a path that holds in any working directory", async (t) => {
  const folder = await makeFolder(t);
  await writeProgram(join(folder, "bin/claude"));
  assert.ok(isAbsolute(await find(folder, [relative(process.cwd(), join(folder, "bin"))])));
});

test("a path that was given is used as it is, and nothing else is looked at", async (t) => {
  const folder = await makeFolder(t);
  const given = await writeProgram(join(folder, "mine"));
  await writeProgram(join(folder, "a/claude"));
  assert.equal(await find(folder, [join(folder, "a")], { given }), given);
  const missing = join(folder, "missing");
  await assert.rejects(
    find(folder, [join(folder, "a")], { given: missing }),
    isUnavailable(new RegExp(`${missing} is not an executable file`)),
  );
});

test("a folder that was given is no program", async (t) => {
  const folder = await makeFolder(t);
  await assert.rejects(find(folder, [], { given: folder }), isUnavailable(/is not an executable file/));
});

test("a version that will do is told, from the oldest one on", async (t) => {
  const folder = await makeFolder(t);
  for (const version of [MINIMUM_VERSION, "2.1.1000", "2.2.0", "2.10.1", "3.0.0", "10.0.0"]) {
    const file = await writeProgram(join(folder, version), `echo "${version} (Claude Code)"`);
    assert.equal(await readVersion(toCommand(file)), version);
  }
});

test("a version that is too old is refused, with the one that is needed and how to get it", async (t) => {
  const folder = await makeFolder(t);
  for (const version of ["2.1.280", "2.1.9", "2.0.999", "1.99.999", "0.2.0"]) {
    const file = await writeProgram(join(folder, version), `echo "${version} (Claude Code)"`);
    await assert.rejects(
      readVersion(toCommand(file)),
      isUnavailable(/2\.1\.281 or newer is needed.*claude update/),
      version,
    );
  }
  await assert.rejects(readVersion(toCommand(FAKE, { FAKE_CLI: "old" })), isUnavailable(/claude 2\.1\.100/));
});

test("a program that does not tell its version is refused, also where it cannot be run", async (t) => {
  const folder = await makeFolder(t);
  const silent = await writeProgram(join(folder, "silent"), "exit 3");
  for (const file of [silent, join(folder, "missing"), folder])
    await assert.rejects(readVersion(toCommand(file)), isUnavailable(/does not tell its version/));
});

test("the login is what the CLI says of it, whatever its exit code", async (t) => {
  const folder = await makeFolder(t);
  assert.deepEqual(await readLogin(toCommand(FAKE)), { isLoggedIn: true, method: "fake", provider: "firstParty" });
  const out = await writeProgram(join(folder, "out"), `echo '{"loggedIn":false,"authMethod":"none"}'; exit 1`);
  assert.deepEqual(await readLogin(toCommand(out)), { isLoggedIn: false, method: "none" });
  const short = await writeProgram(join(folder, "short"), `echo '{"loggedIn":true}'`);
  assert.deepEqual(await readLogin(toCommand(short)), { isLoggedIn: true, method: "unknown" });
});

test("a login that cannot be read is not made up", async (t) => {
  const folder = await makeFolder(t);
  for (const [at, words] of ["", "Not logged in", "{}", '{"loggedIn":"yes"}', "[]"].entries()) {
    const file = await writeProgram(join(folder, `p${at}`), `printf '%s' '${words}'`);
    assert.equal(await readLogin(toCommand(file)), undefined, words);
  }
  assert.equal(await readLogin(toCommand(join(folder, "missing"))), undefined);
});

test("on Windows the program that npm installs is found beside its script", () => {
  assert.deepEqual(toFiles("C:\\npm", true), [
    "C:\\npm\\claude.exe",
    "C:\\npm\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe",
  ]);
  assert.deepEqual(toFiles("/usr/bin", false), ["/usr/bin/claude"]);
});
