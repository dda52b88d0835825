/**
 * Has real clients at pinned versions, each set up by `connect`, do a task with their own shell, through the built
 * proxy and the real CLI, with an obedient model and no network: `npm run test:clients [-- NAME ...]`. Prints client,
 * protocol, result, and whether the second turn was hot. The first run installs clients into a cache outside the checkout. Exit 1
 * when a client fails, or is cold without a known cause.
 */
import { CLIENTS } from "./clients/table.ts";
import { runTask } from "./clients/task.ts";
import type { Outcome } from "./clients/task.ts";

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = CLIENTS.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0) {
  console.error(`Cannot test clients: none is called ${words.join(" or ")}`);
  process.exit(2);
}

function toHeat({ isHot, client }: Outcome): string {
  if (isHot === undefined) return client.isOnce ? `none: ${client.whyCold ?? "unexplained"}` : "–";
  return isHot ? "hot" : `cold: ${client.whyCold ?? "unexplained"}`;
}

const isGood = ({ result, isHot, client }: Outcome): boolean =>
  result === "passed" && (isHot === true || client.whyCold !== undefined);

console.log("| client | protocol | result | second turn |\n|---|---|---|---|");
const outcomes: Outcome[] = [];
for (const client of chosen) {
  const outcome = await runTask(client);
  outcomes.push(outcome);
  const version = client.spec?.replace(/^.*@/, "") ?? "of the checkout";
  console.log(
    `| ${client.name} ${version} | ${client.protocol} | ${outcome.result.replaceAll("\n", " ")} | ${toHeat(outcome)} |`,
  );
}
if (!outcomes.every(isGood)) process.exitCode = 1;
