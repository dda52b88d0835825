/**
 * Uses the built proxy as six clients do at once, for long: `npm run soak [-- --requests 2500 --minutes 30
 * --kill-seconds 3 --seed N]`. Clients hang up at random and a CLI is killed every few seconds. Exit 1 when an answer
 * is wrong, an error is none of a killed CLI's, memory or descriptors grow, or anything is left at the end. Linux,
 * loopback only, the real CLI.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { untilSessions } from "../test/helpers/client.ts";
import { eventually, startProxy } from "../test/helpers/proxy.ts";
import type { Proxy } from "../test/helpers/proxy.ts";
import { createRandom } from "../test/helpers/random.ts";
import type { Random } from "../test/helpers/random.ts";
import { createScope } from "../test/helpers/scope.ts";
import { startUpstream } from "../test/helpers/upstream.ts";
import { play } from "./soak/model.ts";
import { createChatTalk, createMessagesTalk, createResponsesTalk } from "./soak/talk.ts";
import type { Talk } from "./soak/talk.ts";
import { useProxy } from "./soak/user.ts";
import type { Counts } from "./soak/user.ts";
import { compareQuarters, watchProxy } from "./soak/watch.ts";
import type { Watch } from "./soak/watch.ts";
import { findSurvivors } from "./test/survivor.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "2500" },
    minutes: { type: "string", default: "30" },
    "kill-seconds": { type: "string", default: "3" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
const requests = Number(values.requests);
const killMs = Number(values["kill-seconds"]) * 1000;
const PROGRESS_MS = 15_000;
/** Memory may differ by this much between the second and the last quarter of the run; V8 frees when it likes. */
const MOST_GROWTH = 1.25;
/** An error may be told this long after the kill that caused it. */
const KILL_SLACK_MS = 2000;

/** Six clients, of all kinds. */
function toClients(url: string): ((random: Random) => Talk)[] {
  const system = (name: string): string => `You are ${name}.`;
  return [
    () => createChatTalk(url, { isStreamed: true, hasTools: false, system: system("a chat window") }),
    (random) => createChatTalk(url, { isStreamed: random.chance(0.5), hasTools: true, system: system("an agent") }),
    (random) => createMessagesTalk(url, { isStreamed: random.chance(0.5), hasTools: true, system: system("a coder") }),
    () => createMessagesTalk(url, { isStreamed: true, hasTools: false, system: system("a writer") }),
    (random) => createResponsesTalk(url, { isStreamed: random.chance(0.5), system: system("a bot") }),
    () => createChatTalk(url, { isStreamed: false, hasTools: false, system: system("a script") }),
  ];
}

/** Errors that no kill explains, and wrong answers. */
function judgeFailures({ failures }: Counts, { kills }: Watch): string[] {
  const errors = failures.filter(({ isError }) => isError);
  const unexplained = failures.filter(
    ({ from, to, isError }) => !isError || !kills.some((at) => at >= from - KILL_SLACK_MS && at <= to),
  );
  const many = errors.length > kills.length ? [`${errors.length} errors for ${kills.length} kills`] : [];
  return [...unexplained.map(({ what }) => what), ...many];
}

function judgeGrowth({ samples }: Watch): string[] {
  const memory = compareQuarters(samples.map(({ rssMb }) => rssMb));
  const files = compareQuarters(samples.map(({ descriptors }) => descriptors));
  console.log(
    `memory ${memory.early.toFixed(0)} → ${memory.late.toFixed(0)} MB, descriptors ${files.early} → ${files.late}`,
  );
  return [
    ...(memory.late > memory.early * MOST_GROWTH ? [`memory grew from ${memory.early} to ${memory.late} MB`] : []),
    ...(files.late > files.early * MOST_GROWTH ? [`descriptors grew from ${files.early} to ${files.late}`] : []),
  ];
}

/** Ends the proxy and tells of everything that is left of it. */
async function judgeEnd(proxy: Proxy): Promise<string[]> {
  await untilSessions(proxy, "no turn is left", ({ busy, queued }) => busy === 0 && queued === 0);
  proxy.kill("SIGTERM");
  const { code, signal } = await proxy.exited;
  await eventually("no process is left", () => findSurvivors(`HOME=${proxy.home}`).length === 0);
  const replays = readdirSync(join(proxy.home, ".claude-max-api", "replay"));
  return [
    ...(code === 0 ? [] : [`the program ended with ${signal ?? code}`]),
    ...(replays.length === 0 ? [] : [`${replays.length} transcripts are left`]),
    ...proxy.log.filter((line) => / error /.test(line)),
  ];
}

const scope = createScope();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void scope.end().finally(() => process.exit(1)));
}
const troubles: string[] = [];
try {
  const upstream = await startUpstream(scope);
  upstream.answer(play);
  const proxy = await startProxy(scope, { upstream });
  console.log(`soak: seed ${seed}, ${requests} requests, ${proxy.url}`);
  const random = createRandom(seed);
  const counts: Counts = { asked: 0, right: 0, left: 0, failures: [] };
  const watch = watchProxy(proxy, createRandom(seed + 1), killMs);
  const tell = (): void => {
    const { asked, right, left, failures } = counts;
    console.log(
      `${asked} asked, ${right} right, ${left} left by the client, ${failures.length} failed, ${watch.kills.length} kills`,
    );
    // What was asked of the model is kept for tests; here it would only grow.
    upstream.calls.length = 0;
  };
  const progress = setInterval(tell, PROGRESS_MS);
  const endAt = performance.now() + Number(values.minutes) * 60_000;
  let conversations = 0;
  const options = {
    counts,
    isOver: () => counts.asked >= requests || performance.now() > endAt,
    nextConversation: () => ++conversations,
  };
  await Promise.all(
    toClients(proxy.url).map((createTalk) =>
      useProxy(createTalk, { ...options, random: createRandom(random.below(2 ** 31)) }),
    ),
  );
  clearInterval(progress);
  watch.stop();
  tell();
  if (counts.asked < requests)
    troubles.push(`only ${counts.asked} of ${requests} requests in ${values.minutes} minutes`);
  troubles.push(...judgeFailures(counts, watch), ...judgeGrowth(watch), ...(await judgeEnd(proxy)));
} catch (error) {
  troubles.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await scope.end();
}
for (const trouble of troubles) console.log(`✖ ${trouble}`);
console.log(troubles.length === 0 ? "soak: passed" : `soak: ${troubles.length} troubles, seed ${seed}`);
process.exitCode = troubles.length === 0 ? 0 : 1;
