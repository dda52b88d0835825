/** One process: its lines, its end, and what happens where none can be started. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const SOURCE = join(import.meta.dirname, "../../../src");

test("without a descriptor left a start is unavailable, to be tried again, and nothing goes unhandled", async () => {
  const script = `
    import { openSync, closeSync } from "node:fs";
    import { startProcess, runCommand } from "${SOURCE}/cli/process/process.ts";
    import { findDescendants, findMarked } from "${SOURCE}/cli/process/descendants.ts";
    import { readVersion } from "${SOURCE}/cli/install/find.ts";
    const command = { file: process.execPath, args: ["-v"], cwd: "/", env: {} };
    const told = [];
    await runCommand(command, 10_000);
    const open = [];
    try { for (;;) open.push(openSync("/dev/null")); } catch {}
    try { startProcess(command, { onLine() {}, onEnd() {} }); } catch (error) { told.push([error.kind, error.retryAfterSeconds]); }
    told.push(await findDescendants(process.pid, async () => ""), await findMarked("none=1"));
    try { await readVersion(command); } catch (error) { told.push([error.kind, error.retryAfterSeconds]); }
    for (const each of open) closeSync(each);
    console.log(JSON.stringify(told));
  `;
  const shell = 'ulimit -n 60; exec "$0" --import tsx --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)("sh", ["-c", shell, process.execPath, script]);
  assert.deepEqual(JSON.parse(stdout), [["unavailable", 5], [], [], ["unavailable", 5]]);
});
