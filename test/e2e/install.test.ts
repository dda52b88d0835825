/** The installer against a release on loopback: right, wrong sum, nothing there, cut short. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createArchive } from "../../scripts/release/tar.ts";
import { ANYWHERE, NAME, toArchive, VERSION } from "../../scripts/release/targets.ts";
import { fillTemplate } from "../../scripts/release/template.ts";
import { hasProgram, runFile } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { PROGRAM, startRelease, TARGETS } from "../helpers/release.ts";

test("the program is installed, alone, and installing again replaces it", async (t) => {
  const { install, list, place } = await startRelease(t);
  const first = await install();
  assert.deepEqual([first.code, first.stderr], [0, ""]);
  assert.match(first.stdout, new RegExp(`^installed ${NAME} v${VERSION}: ${place}/${NAME}$`, "m"));
  assert.match(first.stdout, /^add it to your PATH/m);
  await chmod(join(place, NAME), 0o500);
  const second = await install({ PATH: `${place}:${process.env["PATH"]}` });
  assert.equal(second.code, 0);
  assert.doesNotMatch(second.stdout, /add it to your PATH/);
  assert.deepEqual(await list(), [NAME]);
  assert.equal(await readFile(join(place, NAME), "utf8"), PROGRAM);
  assert.equal((await runFile([join(place, NAME)])).stdout, `${VERSION}\n`);
});

test("an archive whose checksum is wrong is not installed", async (t) => {
  const { files, install, list } = await startRelease(t);
  for (const target of TARGETS)
    files.set(
      toArchive(target),
      createArchive([{ name: NAME, mode: 0o755, bytes: Buffer.from("#!/bin/sh\nexit 0\n") }]),
    );
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, /^install: the checksum of .* does not match; nothing was installed\n$/);
  assert.deepEqual(await list(), []);
});

test("an archive without a checksum is not installed", async (t) => {
  const { files, install, list } = await startRelease(t);
  files.set("SHA256SUMS", Buffer.from(`${"0".repeat(64)}  something-else.tar.gz\n`));
  assert.match((await install()).stderr, /^install: SHA256SUMS has no line for /);
  assert.deepEqual(await list(), []);
});

test("a missing archive, or a missing list of sums, is told by its address", async (t) => {
  const { files, install, list } = await startRelease(t);
  for (const target of TARGETS) files.delete(toArchive(target));
  const archive = await install();
  files.delete("SHA256SUMS");
  const sums = await install();
  assert.match(archive.stderr, /install: cannot fetch http:\S+\.tar\.gz\n$/);
  assert.match(sums.stderr, /install: cannot fetch http:\S+SHA256SUMS\n$/);
  assert.deepEqual([archive.code, sums.code, await list()], [1, 1, []]);
});

test("a download that is cut installs nothing, and leaves nothing behind", async (t) => {
  for (const cut of [".tar.gz", "SHA256SUMS"]) {
    const { install, list, place } = await startRelease(t, { cut });
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, /install: cannot fetch/);
    assert.deepEqual(await list(), []);
    assert.deepEqual(await readdir(join(place, "..")), ["install.sh"]);
  }
});

test("a program that does not run here leaves the installed one alone", async (t) => {
  const { install, list, place } = await startRelease(t, { program: "#!/bin/sh\nexit 1\n" });
  const installed = join(place, NAME);
  await mkdir(place);
  await writeFile(installed, PROGRAM, { mode: 0o755 });
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, /does not run on this machine/);
  assert.deepEqual([await list(), await readFile(installed, "utf8")], [[NAME], PROGRAM]);
});

test("an archive whose member is anything but one plain file is refused", async (t) => {
  const forms: Readonly<Record<string, string>> = {
    "a symlink": `ln -s /bin/true ${NAME} && tar -czf a.tgz ${NAME}`,
    "a hard link": `printf x >other && ln other ${NAME} && tar -czf a.tgz other ${NAME}`,
    "a folder": `mkdir ${NAME} && tar -czf a.tgz ${NAME}`,
    "two of the name": `printf x >${NAME} && tar -cf a.tar ${NAME} && tar -rf a.tar ${NAME} && gzip -c a.tar >a.tgz`,
    "none of the name": "printf x >other && tar -czf a.tgz other",
  };
  for (const [form, script] of Object.entries(forms)) {
    const { files, install, list } = await startRelease(t);
    const folder = makeFolder(t);
    assert.equal((await runFile(["sh", "-ec", script], {}, folder)).code, 0, form);
    const archive = await readFile(join(folder, "a.tgz"));
    const sum = createHash("sha256").update(archive).digest("hex");
    for (const target of TARGETS) files.set(toArchive(target), archive);
    files.set("SHA256SUMS", Buffer.from(TARGETS.map((target) => `${sum}  ${toArchive(target)}\n`).join("")));
    const { code, stderr } = await install();
    assert.equal(code, 1, form);
    assert.match(
      stderr,
      /^install: (.* is not one plain file|the archive holds no .*); nothing was installed\n$/,
      form,
    );
    assert.deepEqual(await list(), [], form);
  }
});

test("nothing is fetched but over https, or from this machine", async (t) => {
  const { install } = await startRelease(t);
  for (const url of ["http://example.com", "ftp://example.com", "http://127.0.0.1.example.com"]) {
    const { code, stderr } = await install({ CLAUDE_MAX_API_BASE_URL: url });
    assert.deepEqual([code, stderr], [1, `install: ${url}/SHA256SUMS is not https\n`]);
  }
});

test("a folder may be relative, and one that cannot be written to is named", async (t) => {
  const { install, place } = await startRelease(t);
  const relative = await install({ CLAUDE_MAX_API_INSTALL_DIR: "some/where" }, join(place, ".."));
  assert.equal(relative.code, 0, relative.stderr);
  assert.ok(relative.stdout.includes(join(place, "..", "some/where", NAME)), relative.stdout);
  await writeFile(place, "");
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.equal(stderr, `install: cannot write to ${place}; choose another folder with CLAUDE_MAX_API_INSTALL_DIR\n`);
});

test("a missing library and an old libc are named, with what to do", async (t) => {
  const cases: [string, RegExp][] = [
    [
      "x: error while loading shared libraries: libstdc++.so.6: cannot open shared object file",
      /needs libstdc\+\+: install/,
    ],
    ["x: /lib/libc.so.6: version `GLIBC_2.28' not found", /newer glibc .* npm install -g/],
  ];
  for (const [said, words] of cases) {
    const program = `#!/bin/sh\ncat >&2 <<'E'\n${said}\nE\nexit 127\n`;
    const { install, list } = await startRelease(t, { program });
    assert.match((await install()).stderr, words);
    assert.deepEqual(await list(), []);
  }
});

test("a system without an executable gets the program for its Node, and is told when it has none", async (t) => {
  const { files, install, list, place } = await startRelease(t);
  for (const target of TARGETS) if (target !== ANYWHERE) files.delete(toArchive(target));
  const tools = makeFolder(t);
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(tools, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  await write("uname", "[ $1 = -s ] && echo Linux || echo riscv64");
  await write("node", "[ $1 != -e ] || exit 1; echo v18.0.0");
  const path = { PATH: `${tools}:${process.env["PATH"]}` };
  const old = await install(path);
  assert.equal(
    old.stderr,
    "install: there is no executable for riscv64; install Node 20 or newer (Alpine: apk add nodejs libstdc++) and run this again\n",
  );
  assert.deepEqual([old.code, await list()], [1, []]);
  await write("node", "[ $1 != -e ] || exit 0; echo v22.0.0");
  const { code, stdout, stderr } = await install(path);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(
    stdout,
    /^there is no executable for riscv64; installing the program for the Node that is here, v22.0.0$/m,
  );
  assert.equal(await readFile(join(place, NAME), "utf8"), PROGRAM);
});

test("half a script runs nothing, at whatever line it is cut", async (t) => {
  const folder = makeFolder(t);
  const lines = fillTemplate("install.sh").trimEnd().split("\n");
  const script = join(folder, "part.sh");
  for (const count of lines.keys()) {
    await writeFile(script, lines.slice(0, count).join("\n"));
    const { stdout } = await runFile(["sh", script], { HOME: folder });
    assert.equal(stdout, "", `${count} lines`);
  }
  assert.deepEqual(await readdir(folder), ["part.sh"]);
});

test("the shells that are here read the script without complaint", async (t) => {
  const script = join(makeFolder(t), "install.sh");
  await writeFile(script, fillTemplate("install.sh"));
  const readers: [string, ...string[]][] = [
    ["sh", "-n"],
    ["dash", "-n"],
    ["bash", "-n"],
    ["busybox", "sh", "-n"],
  ];
  const checks: typeof readers = [...readers, ["shellcheck"]];
  for (const check of checks) {
    if (!(await hasProgram(check[0]))) continue;
    assert.deepEqual(await runFile([...check, script]), { code: 0, stdout: "", stderr: "" });
  }
});
