/**
 * HAProxy with `deploy/haproxy.cfg` in front of three instances under load: one is killed, another is stopped in order.
 * `npm run test:balance [-- --clients 6 --turns 12]`. Exit 1 when a request is lost that was not under way on the
 * killed instance, or the model was asked with another history than the client's; 2 without HAProxy. The real CLI,
 * loopback only.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { assistant, readStream, readText, user } from "../test/helpers/answer.ts";
import { hasProgram } from "../test/helpers/command.ts";
import { eventually, startProxy } from "../test/helpers/proxy.ts";
import type { Proxy } from "../test/helpers/proxy.ts";
import { createScope } from "../test/helpers/scope.ts";
import { startUpstream, toDialogue, toLastWords } from "../test/helpers/upstream.ts";

const { values } = parseArgs({
  options: { clients: { type: "string", default: "6" }, turns: { type: "string", default: "12" } },
});
const HEALTH_KEY = "health";
const clients = Array.from({ length: Number(values.clients) }, (_, at) => `client-${at}`);
const authorization = `Bearer ${HEALTH_KEY}`;
const scope = createScope();
const troubles: string[] = [];

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** HAProxy as documented, but for its addresses. @returns its own address. */
async function startBalancer(instances: readonly Proxy[]): Promise<string> {
  const port = await findPort();
  const folder = mkdtempSync(join(tmpdir(), "claude-max-api-balance-"));
  let at = 0;
  const text = readFileSync("scripts/deploy/haproxy.cfg", "utf8")
    .replace("bind :8080", `bind 127.0.0.1:${port}`)
    .replace(/10\.0\.0\.\d+:3456/g, () => new URL(instances[at++]?.url ?? "").host);
  if (at !== instances.length) throw new Error(`Cannot balance: the configuration has ${at} servers`);
  writeFileSync(join(folder, "haproxy.cfg"), text);
  const child = spawn("haproxy", ["-db", "-f", join(folder, "haproxy.cfg")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: process.env["PATH"], HEALTH_KEY },
  });
  scope.after(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    "HAProxy answers",
    async () => (await fetch(`${url}/health`, { headers: { authorization } }).catch(() => undefined))?.ok === true,
  );
  return url;
}

interface Request {
  readonly client: string;
  readonly from: number;
  to: number;
  /** Reason of a request that was not answered as it should be. */
  failure?: string;
}

/** One client: it says things one after the other, with its whole history, and says a thing again that was lost. */
async function talk(url: string, client: string, requests: Request[], turns: number): Promise<void> {
  const messages: object[] = [];
  for (let turn = 0; turn < turns;) {
    const words = `${client} says ${turn}`;
    const request: Request = { client, from: performance.now(), to: 0 };
    requests.push(request);
    try {
      const stream = turn % 2 === 0;
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${client}` },
        body: JSON.stringify({ model: "sonnet", stream, messages: [...messages, user(words)] }),
      });
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      const text = stream ? (await readStream(response)).text : await readText(response);
      if (text !== `re ${words}`) throw new Error(`answered ${JSON.stringify(text)} to ${JSON.stringify(words)}`);
      messages.push(user(words), assistant(text));
      turn += 1;
    } catch (error) {
      request.failure = error instanceof Error ? error.message : String(error);
    }
    request.to = performance.now();
  }
}

/** The history that the model must have been asked with, as `toDialogue` tells it. */
function toExpected(last: string): string[] {
  const [client = "", turn = ""] = last.split(" says ");
  const said = Array.from({ length: Number(turn) }, (_, at) => `${client} says ${at}`);
  return [...said.flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]), `user: ${last}`];
}

async function run(): Promise<void> {
  const upstream = await startUpstream(scope);
  upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
  const instances = await Promise.all(
    [0, 1, 2].map(() =>
      startProxy(scope, {
        upstream,
        args: ["--spares", "0"],
        env: { CLAUDE_MAX_API_API_KEY: [HEALTH_KEY, ...clients].join() },
      }),
    ),
  );
  await Promise.all(
    instances.map(async (instance) => (await fetch(`${instance.url}/health`, { headers: { authorization } })).text()),
  );
  const url = await startBalancer(instances);
  const requests: Request[] = [];
  const turns = Number(values.turns);
  const talks = Promise.all(clients.map((client) => talk(url, client, requests, turns)));
  const [first, second, third] = instances;
  // Under load: when a quarter of all has been said, an instance that has a turn under way is killed.
  await eventually("a quarter is said", () => upstream.calls.length >= (clients.length * turns) / 4, 120_000);
  const victim = [first, second, third].find((instance) => (instance?.children().length ?? 0) > 0);
  const killedAt = performance.now();
  victim?.kill("SIGKILL");
  await eventually("half is said", () => upstream.calls.length >= (clients.length * turns) / 2, 120_000);
  // Another one is asked to end: it finishes its turns, and takes no more.
  const leaving = instances.find((instance) => instance !== victim);
  leaving?.kill("SIGTERM");
  await talks;

  const lost = requests.filter(({ failure }) => failure !== undefined);
  const unexplained = lost.filter(({ from, to }) => from > killedAt || to < killedAt);
  troubles.push(...unexplained.map(({ client, failure }) => `${client} lost a request: ${failure}`));
  for (const call of upstream.calls) {
    const expected = toExpected(toLastWords(call)).join("\n");
    if (toDialogue(call).join("\n") !== expected)
      troubles.push(`the model was asked with ${toDialogue(call).join(" | ")}`);
  }
  if (victim === undefined) troubles.push("no instance had a turn");
  console.log(
    `${requests.length} requests of ${clients.length} clients, ${upstream.calls.length} calls of the model, ` +
      `${lost.length} lost of those under way when an instance was killed`,
  );
}

if (await hasProgram("haproxy")) {
  try {
    await run();
  } catch (error) {
    troubles.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await scope.end();
  }
  for (const trouble of troubles) console.log(`✖ ${trouble}`);
  console.log(troubles.length === 0 ? "balance: passed" : `balance: ${troubles.length} troubles`);
  process.exitCode = troubles.length === 0 ? 0 : 1;
} else {
  console.log("balance: not run, haproxy is not here (Debian: apt-get install haproxy)");
  process.exitCode = 2;
}
