/**
 * Has real clients at pinned versions do a task with a tool of their own, through the built proxy and the real CLI,
 * with an obedient model and no network: `npm run test:clients [-- NAME ...]`. Prints a table, and keeps the results
 * for `npm run readme`. `--capture FOLDER` writes the chat requests of each to a file there, for tests. The first run
 * installs clients into a cache outside the checkout. Exit 1 when a client fails, or a turn from the second on finds no
 * process that knows its history, without a known cause.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CLI } from "../test/helpers/cli.ts";
import { createScope } from "../test/helpers/scope.ts";
import { toCapture } from "./clients/capture.ts";
import { formatRow, HEAD, isGood, keepResult, toResult } from "./clients/results.ts";
import { CLIENTS } from "./clients/table.ts";
import { runTask } from "./clients/task.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { capture: { type: "string" } } });
const words = positionals.map((word) => word.toLowerCase());
const chosen = CLIENTS.filter(({ id, name, protocol }) => {
  const label = `${id} ${name} ${protocol}`.toLowerCase();
  return words.length === 0 || words.some((word) => label.includes(word));
});
if (chosen.length === 0) {
  console.error(`Cannot test clients: none is called ${words.join(" or ")}`);
  process.exit(2);
}

const [own = ""] = execFileSync(CLI, ["--version"], { encoding: "utf8" }).split(" ");
const scope = createScope();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void scope.end().finally(() => process.exit(1)));
console.log(HEAD);
for (const client of chosen) {
  const outcome = await runTask(client, scope);
  await scope.end();
  const result = toResult(outcome, own);
  keepResult(result);
  if (values.capture !== undefined && client.protocol === "chat") {
    const capture = toCapture(`${result.client} ${result.version}`, outcome.requests, outcome.home);
    writeFileSync(join(values.capture, `${client.id}.json`), `${JSON.stringify(capture, undefined, 1)}\n`);
  }
  console.log(formatRow(result));
  if (!isGood(result)) process.exitCode = 1;
}
