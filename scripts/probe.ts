/**
 * Measures the facts of `src/cli/README.md` again: `npm run probe [-- --cli PATH|VERSION] [--json] [P12 P30 ...]`.
 * Without `--cli` it is the development dependency. Prints what holds and what drifted; exit 1 when something did.
 */
import { parseArgs } from "node:util";
import { isOlder } from "../src/cli/install/release.ts";
import { CLI } from "../test/helpers/cli.ts";
import { createScope } from "../test/helpers/scope.ts";
import { startUpstream } from "../test/helpers/upstream.ts";
import { fetchCli, isVersion, readCliVersion, readFamilyModel } from "./cli.ts";
import { readFacts } from "./probe/fact.ts";
import type { Fact } from "./probe/fact.ts";
import { MEASUREMENTS } from "./probe/measure.ts";
import { createProbe } from "./probe/probe.ts";

type Outcome = "holds" | "drifted" | "too new" | "not measured";
interface Finding {
  readonly id: string;
  readonly outcome: Outcome;
  readonly claim: string;
  /** How it is measured instead, or what is different. */
  readonly detail?: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cli: { type: "string" }, json: { type: "boolean", default: false } },
});
const path = values.cli === undefined ? CLI : isVersion(values.cli) ? fetchCli(values.cli) : values.cli;
const version = readCliVersion(path);
const modelId = readFamilyModel(path, "sonnet") ?? "";

async function measure({ id, claim, since, measuredBy }: Fact): Promise<Finding> {
  const measurement = MEASUREMENTS[id];
  if (!measurement) return { id, outcome: "not measured", claim, detail: measuredBy };
  if (since !== undefined && isOlder(version, since))
    return { id, outcome: "too new", claim, detail: `since ${since}` };
  const scope = createScope();
  try {
    const upstream = await startUpstream(scope);
    await measurement(createProbe({ path, modelId }, upstream, scope));
    return { id, outcome: "holds", claim };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { id, outcome: "drifted", claim, detail };
  } finally {
    await scope.end();
  }
}

function print({ id, outcome, claim, detail }: Finding): void {
  console.log(`${outcome.padEnd(13)} ${id.padEnd(4)} ${claim}`);
  if (detail !== undefined) console.log(detail.replaceAll(/^/gm, " ".repeat(19)));
}

const facts = readFacts().filter(({ id }) => positionals.length === 0 || positionals.includes(id));
const findings: Finding[] = [];
for (const fact of facts) {
  const finding = await measure(fact);
  findings.push(finding);
  if (!values.json) print(finding);
}
const drifted = findings.filter(({ outcome }) => outcome === "drifted");
if (values.json) console.log(JSON.stringify({ version, path, findings }, null, 2));
else {
  const held = findings.filter(({ outcome }) => outcome === "holds").length;
  console.log(
    `claude ${version}: ${held} hold, ${drifted.length} drifted${drifted.map(({ id }) => ` ${id}`).join("")}`,
  );
}
if (drifted.length > 0 || facts.length === 0) process.exitCode = 1;
