/**
 * Sends mutated requests of real clients to the built proxy: `npm run fuzz [-- --count 2000 --seed N --fake]`. Exit 1
 * when an answer is none that a request may have, the program ends, or a process is left. `--fake` puts a fake CLI in
 * place of the real one: faster. A finding is made again with `--seed ITS_SEED --count 1`.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { answerObediently, formatFinding, fuzz } from "../test/helpers/fuzz.ts";
import { isRunning } from "../test/helpers/processes.ts";
import { eventually, FAKE_CLI, startProxy } from "../test/helpers/proxy.ts";
import { createScope } from "../test/helpers/scope.ts";
import { startUpstream } from "../test/helpers/upstream.ts";

const CLIENTS = 4;
const PROGRESS_MS = 15_000;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "2000" },
    seed: { type: "string" },
    fake: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
const count = Number(values.count);
const troubles: string[] = [];
const scope = createScope();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void scope.end().finally(() => process.exit(1)));
}

try {
  const upstream = await startUpstream(scope);
  upstream.answer(answerObediently);
  const args = ["--max-concurrent", String(CLIENTS), ...(values.fake ? ["--claude", FAKE_CLI] : [])];
  const proxy = await startProxy(scope, { upstream, args, env: { DEBUG: "" } });
  console.log(`fuzz: seed ${seed}, ${count} requests, ${values.fake ? "fake" : "real"} CLI, ${proxy.url}`);
  let isDone = false;
  void (async () => {
    while (!isDone) {
      await delay(PROGRESS_MS, undefined, { ref: false });
      const answered = proxy.log.filter((line) => line.includes(" request method=POST")).length;
      if (!isDone) console.log(`${answered} answered, ${upstream.calls.length} asked of the model`);
    }
  })();
  const { findings, excused, statuses } = await fuzz(proxy.url, { seed, count, clients: CLIENTS });
  isDone = true;
  console.log(
    [...statuses]
      .sort(([one], [other]) => one - other)
      .map(([status, times]) => `${status}: ${times}`)
      .join(", "),
  );
  for (const { attack, what } of excused) console.log(`the model's own, seed ${attack.seed}: ${what}`);
  troubles.push(...findings.map(formatFinding));
  troubles.push(...proxy.log.filter((line) => / error /.test(line)));

  const pids = proxy.children();
  proxy.kill("SIGTERM");
  const { code, signal } = await proxy.exited;
  if (code !== 0) troubles.push(`the program ended with ${signal ?? code}`);
  await eventually("no process is left", () => !pids.some(isRunning));
} catch (error) {
  troubles.push(String(error));
} finally {
  await scope.end();
}
for (const trouble of troubles) console.log(trouble);
console.log(`fuzz: ${troubles.length} findings, seed ${seed}`);
process.exitCode = troubles.length > 0 ? 1 : 0;
