/** The sentences of the installer that depend on the system: tools that are missing, musl, noexec, GitHub, a full disk. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ANYWHERE, NAME, REPOSITORY, toArchive, VERSION } from "../../scripts/release/targets.ts";
import { hasProgram, linkPrograms, runFile } from "../helpers/command.ts";
import type { Ended } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { LINUX_ONLY } from "../helpers/processes.ts";
import { PROGRAM, startGithub, startRelease, TARGETS } from "../helpers/release.ts";

/** All that the script calls, beside what it looks for. */
const TOOLS = ["sh", "uname", "tar", "gzip", "awk", "mktemp", "rm", "mkdir", "chmod", "mv", "dirname", "cat"];
const RELEASES = `https://github.com/${REPOSITORY}/releases`;

test("each tool that is missing is named, and one of two is enough", async (t) => {
  const { install, list } = await startRelease(t);
  const run = async (...names: string[]): Promise<string> => {
    const folder = makeFolder(t);
    await linkPrograms(folder, names);
    const { code, stderr } = await install({ PATH: folder });
    return code === 0 ? "installed" : stderr;
  };
  for (const name of ["uname", "tar", "awk", "mktemp"])
    assert.equal(await run(...TOOLS.filter((tool) => tool !== name), "curl"), `install: ${name} is needed\n`);
  assert.equal(await run(...TOOLS, "sha256sum"), "install: curl or wget is needed\n");
  assert.equal(await run(...TOOLS, "curl"), "install: sha256sum or shasum is needed\n");
  assert.deepEqual(await list(), []);
  for (const fetcher of ["curl", "wget"])
    for (const summer of ["sha256sum", "shasum"]) {
      if (!(await hasProgram(fetcher)) || !(await hasProgram(summer))) continue;
      assert.equal(await run(...TOOLS, fetcher, summer), "installed", `${fetcher} ${summer}`);
    }
});

test("wget, where there is no curl, tells what it cannot fetch", async (t) => {
  if (!(await hasProgram("wget"))) return;
  const { files, install, list } = await startRelease(t);
  const folder = makeFolder(t);
  await linkPrograms(folder, [...TOOLS, "wget", "sha256sum"]);
  files.clear();
  const { code, stderr } = await install({ PATH: folder });
  assert.equal(code, 1);
  assert.match(stderr, /install: cannot fetch http:\S+SHA256SUMS\n$/);
  assert.deepEqual(await list(), []);
});

test("the latest release is found on GitHub, and it is told when there is none", LINUX_ONLY, async (t) => {
  for (const fetcher of ["curl", "wget"]) {
    if (!(await hasProgram(fetcher))) continue;
    const { files, install, list, env } = await startRelease(t);
    const folder = makeFolder(t);
    await linkPrograms(folder, [...TOOLS, fetcher, "sha256sum"]);
    const home = env["HOME"] ?? "";
    const own = { PATH: folder, CLAUDE_MAX_API_VERSION: "", CLAUDE_MAX_API_BASE_URL: "" };
    const none = await install({ ...own, ...(await startGithub(t, files, { latest: "", home })) });
    assert.equal(none.stderr, "install: cannot tell the latest version; set CLAUDE_MAX_API_VERSION\n");
    const nowhere = await install({ ...own, https_proxy: "http://127.0.0.1:9" });
    assert.match(
      nowhere.stderr,
      /install: cannot (fetch https:\S+\/releases\/latest|tell the latest version; set \S+)\n$/,
    );
    assert.deepEqual([none.code, nowhere.code, await list()], [1, 1, []]);
    const found = await install({ ...own, ...(await startGithub(t, files, { latest: `/tag/v${VERSION}`, home })) });
    assert.equal(found.code, 0, found.stderr);
    assert.ok(found.stdout.startsWith(`downloading ${RELEASES}/download/v${VERSION}/${NAME}-v${VERSION}-linux-`));
  }
  const { install } = await startRelease(t);
  const folder = makeFolder(t);
  await linkPrograms(folder, TOOLS);
  const { stderr } = await install({ PATH: folder, CLAUDE_MAX_API_VERSION: "" });
  assert.equal(stderr, "install: curl or wget is needed\n");
});

test("an address with a user, and a shell without a home, are told so", async (t) => {
  const { install } = await startRelease(t);
  const user = await install({ CLAUDE_MAX_API_BASE_URL: "http://127.0.0.1:80@example.com" });
  assert.equal(
    user.stderr,
    "install: http://127.0.0.1:80@example.com/SHA256SUMS holds a user name, which is not sent; leave it out\n",
  );
  const homeless = await install({ HOME: "", CLAUDE_MAX_API_INSTALL_DIR: "" });
  assert.equal(homeless.stderr, "install: HOME is not set; choose a folder with CLAUDE_MAX_API_INSTALL_DIR\n");
});

test("it ends with the next step, and with the CLI's own installer where there is no CLI", async (t) => {
  const { install, env, place } = await startRelease(t);
  const folder = makeFolder(t);
  await linkPrograms(folder, [...TOOLS, "curl", "sha256sum", "shasum"]);
  const without = await install({ PATH: folder, CLAUDE_MAX_API_INSTALL_DIR: "" });
  const own = join(env["HOME"] ?? "", ".local/bin");
  assert.deepEqual(without.stdout.split("\n").slice(1), [
    `installed ${NAME} v${VERSION}: ${own}/${NAME}`,
    `add it to your PATH: export PATH="${own}:$PATH"`,
    "the claude CLI is needed too: curl -fsSL https://claude.ai/install.sh | bash",
    `next: ${NAME} doctor`,
    "",
  ]);
  await writeFile(join(folder, "claude"), "#!/bin/sh\n", { mode: 0o755 });
  const { stdout } = await install({ PATH: `${place}:${folder}` });
  assert.deepEqual(stdout.split("\n").slice(1), [
    `installed ${NAME} v${VERSION}: ${place}/${NAME}`,
    `next: ${NAME} doctor`,
    "",
  ]);
});

test("a program that does not run is told in its own words", async (t) => {
  const { install } = await startRelease(t, { program: "#!/bin/sh\necho 'no such instruction'\nexit 1\n" });
  assert.equal(
    (await install()).stderr,
    `install: ${NAME} v${VERSION} does not run on this machine: no such instruction\n`,
  );
  const { install: silent } = await startRelease(t, { program: "#!/bin/sh\nexit 1\n" });
  assert.match((await silent()).stderr, /does not run on this machine: it said nothing\n$/);
});

test("a disk that is full is not taken for a broken archive", async (t) => {
  const { script, env, list } = await startRelease(t, { program: `${PROGRAM}${"#\n".repeat(1 << 20)}` });
  const { code, stderr } = await runFile(["sh", "-c", 'ulimit -f 256; exec sh "$0"', script], env);
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`install: cannot write ${NAME} to ${env["CLAUDE_MAX_API_INSTALL_DIR"]}; is there room`),
  );
  assert.deepEqual(await list(), []);
});

test("a folder whose programs may not run is named", LINUX_ONLY, async (t) => {
  const { script, env, place } = await startRelease(t);
  await mkdir(place);
  const mount = 'mount -t tmpfs -o noexec tmpfs "$1"';
  const words = ["unshare", "-rm", "sh", "-c"] as const;
  if ((await runFile([...words, mount, "sh", place])).code !== 0) return;
  const { code, stderr } = await runFile([...words, `${mount}; sh "$0"`, script, place], env);
  assert.deepEqual(
    [code, stderr],
    [
      1,
      `install: ${place} is on a file system without programs (noexec); set CLAUDE_MAX_API_INSTALL_DIR to another folder\n`,
    ],
  );
});

test("an Intel shell on an ARM Mac gets the ARM program, and a system of its own kind the one for Node", async (t) => {
  const { install } = await startRelease(t);
  const tools = makeFolder(t);
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(tools, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  await write("uname", "[ $1 = -s ] && echo Darwin || echo x86_64");
  await write("sysctl", "echo 1");
  const path = { PATH: `${tools}:${process.env["PATH"]}` };
  assert.match((await install(path)).stdout, /^downloading \S+-darwin-arm64\.tar\.gz$/m);
  await write("sysctl", "echo 0");
  assert.match((await install(path)).stdout, /^downloading \S+-darwin-x64\.tar\.gz$/m);
  await write("uname", "[ $1 = -s ] && echo FreeBSD || echo amd64");
  await write("node", "[ $1 != -e ] || exit 0; echo v24.0.0");
  assert.match(
    (await install(path)).stdout,
    /^there is no executable for FreeBSD; installing the program for the Node that is here, v24\.0\.0\n/,
  );
});

test("a system without glibc is told what to install, and gets the program for its Node", LINUX_ONLY, async (t) => {
  const { files, script, env } = await startRelease(t);
  for (const target of TARGETS) if (target !== ANYWHERE) files.delete(toArchive(target));
  const busybox = (await runFile(["sh", "-c", "command -v busybox"])).stdout.trim();
  if (busybox === "") return;
  // A root of its own with nothing but a static BusyBox in it: as much of Alpine as the script can see.
  const root = makeFolder(t);
  for (const folder of ["bin", "tmp", "dev"]) await mkdir(join(root, folder));
  await writeFile(join(root, "dev/null"), "");
  await copyFile(busybox, join(root, "bin/busybox"));
  const enter = ["unshare", "-r", "chroot", root, "/bin/busybox"] as const;
  if ((await runFile([...enter, "--install", "-s", "/bin"])).code !== 0) return;
  await copyFile(script, join(root, "install.sh"));
  const own = {
    ...env,
    PATH: `${process.env["PATH"]}:/bin`,
    HOME: "/",
    TMPDIR: "/tmp",
    CLAUDE_MAX_API_INSTALL_DIR: "/opt/bin",
  };
  const run = (): Promise<Ended> => runFile([...enter, "sh", "/install.sh"], own);
  const without = await run();
  assert.equal(
    without.stderr,
    "install: the executable needs glibc, which this system does not have; " +
      "install Node 20 or newer (Alpine: apk add nodejs libstdc++) and run this again\n",
  );
  await writeFile(join(root, "bin/node"), "#!/bin/sh\n[ $1 != -e ] || exit 0; echo v22.0.0\n", { mode: 0o755 });
  const { code, stdout, stderr } = await run();
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert.match(
    stdout,
    /^the executable needs glibc, .*; installing the program for the Node that is here, v22\.0\.0$/m,
  );
  assert.equal(await readFile(join(root, "opt/bin", NAME), "utf8"), PROGRAM);
  assert.deepEqual(await readdir(join(root, "tmp")), []);
});
