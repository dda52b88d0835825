/** The files that connect writes: links, files that are not to be written, and records of another place. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeHome } from "./settings.ts";
import { POSIX_ONLY } from "../../helpers/processes.ts";

const PI = ".pi/agent/models.json";

test("a link whose end is missing is written through, and stays", POSIX_ONLY, async (t) => {
  const { connect, home, read } = makeHome(t);
  mkdirSync(join(home, ".pi/agent"), { recursive: true });
  symlinkSync("../../dotfiles/pi.json", join(home, PI));
  const { lines } = await connect("pi");
  assert.match(lines, /models\.json, a link to .*dotfiles\/pi\.json \(new\)/);
  assert.match(read("dotfiles/pi.json"), /localhost:9/);
  await connect("pi", "--undo");
  assert.equal(lstatSync(join(home, PI)).isSymbolicLink(), true);
  assert.equal(existsSync(join(home, "dotfiles")), false);
});

test("a file keeps its group", POSIX_ONLY, async (t) => {
  const { connect, home, write } = makeHome(t);
  write(PI, "{}\n");
  // One that this user is in, beside the first where there is any.
  const own = process.getgid?.() ?? 0;
  const group = process.getuid?.() === 0 ? 12_345 : (process.getgroups?.().find((held) => held !== own) ?? own);
  chownSync(join(home, PI), process.getuid?.() ?? 0, group);
  await connect("pi");
  assert.equal(statSync(join(home, PI)).gid, group);
});

test("a read-only file is left alone", async (t) => {
  const { connect, home, read, write } = makeHome(t);
  write(PI, "{}\n");
  chmodSync(join(home, PI), 0o444);
  const { isDone, lines } = await connect("pi");
  assert.equal(isDone, false);
  assert.match(lines, /^Cannot write .*models\.json: it is read-only\. To allow it: chmod u\+w /m);
  assert.equal(read(PI), "{}\n");
  assert.equal((await connect("pi", "--print")).isDone, true);
  chmodSync(join(home, PI), 0o644);
});

test("nothing is changed where no copy can be kept", async (t) => {
  const { connect, home, read, write } = makeHome(t);
  write(PI, "{}\n");
  write(".claude-max-api/connect", "");
  const { isDone, lines } = await connect("pi");
  assert.equal(isDone, false);
  assert.match(lines, /^Cannot keep a copy in .*connect: E\w+\. .*models\.json is as it was$/m);
  assert.equal(read(PI), "{}\n");
  assert.equal((await connect("codex")).isDone, false);
  assert.deepEqual(readdirSync(home).sort(), [".claude-max-api", ".pi"]);
});

test("undo goes to the file that was written, also when another comes first by now", async (t) => {
  const { connect, read, write } = makeHome(t);
  const [first, second] = [".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"];
  write(second, "{} // mine\n");
  await connect("opencode");
  write(first, "{}\n");
  const refused = await connect("opencode");
  assert.equal(refused.isDone, false);
  assert.match(refused.lines, /^Cannot connect opencode in .*opencode\.json: it is connected in .*opencode\.jsonc\. /);
  assert.equal(read(first), "{}\n");
  const { isDone, lines } = await connect("opencode", "--undo");
  assert.equal(isDone, true, lines);
  assert.equal(read(second), "{} // mine\n");
  assert.equal((await connect("opencode")).isDone, true);
});

test("a word for nothing is no place for settings", async (t) => {
  const { connect, read, write } = makeHome(t);
  for (const [id, path, text] of [
    ["pi", PI, "null\n"],
    ["continue", ".continue/config.yaml", "~\n"],
  ] as const) {
    write(path, text);
    const { isDone, lines } = await connect(id);
    assert.equal(isDone, false, read(path));
    assert.match(lines, /left it as it is: .*Put this in by hand/);
    assert.equal(read(path), text);
  }
});
