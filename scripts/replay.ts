/**
 * Shows what the reader makes of a recorded turn, without a CLI: `npm run replay -- FILE`, where FILE is one of
 * `npm run record` or a log of `--log-level trace`. Exit 1 when an answer failed or broke off.
 */
import { readFileSync } from "node:fs";
import { replayTrace } from "./trace.ts";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Cannot replay: name a file of `npm run record`, or a log of --log-level trace");
  process.exit(2);
}
const turns = replayTrace(readFileSync(file, "utf8").split("\n"));
for (const [at, { events, reply, state, failure }] of turns.entries()) {
  console.log(`# answer ${at + 1}: ${failure ?? state}, ${events.length} events`);
  for (const event of events) console.log(JSON.stringify(event));
  console.log(JSON.stringify(reply));
}
if (turns.length === 0) console.error(`Cannot replay ${file}: there is no answer in it`);
if (turns.length === 0 || turns.some(({ state, failure }) => state === "open" || failure !== undefined)) {
  process.exitCode = 1;
}
