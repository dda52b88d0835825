/** `doctor`: says what is wrong here, and what mends it. */
import { wantsColor } from "../color.ts";
import {
  checkClaude,
  checkCredentials,
  checkLive,
  checkLogin,
  checkPlan,
  checkPort,
  checkServers,
  checkStart,
  checkWorkspace,
} from "./check.ts";
import type { Check } from "./check.ts";
import { createFacts } from "./facts.ts";
import type { DoctorOptions, Facts } from "./facts.ts";
import { formatCheck, formatSummary } from "./format.ts";
import type { CheckStyle } from "./format.ts";

/** Form of the findings. */
export interface DoctorWishes {
  readonly isJson: boolean;
  /** Asks the model one tiny question too. */
  readonly isLive: boolean;
}

/** Gives the findings as they are made, in the order of what depends on what. One after another: a start is timed. */
export async function* diagnose(facts: Facts, isLive: boolean): AsyncGenerator<Check, void> {
  const claude = await facts.findClaude();
  yield checkClaude(claude);
  const file = "problem" in claude ? undefined : claude.path;
  if (file !== undefined) yield checkLogin(await facts.readLogin(file));
  yield checkCredentials(facts.credentials);
  yield checkPort(await facts.askPort(), facts.address);
  const workspace = checkWorkspace(await facts.lookAtWorkspace());
  yield workspace;
  if (file === undefined) return;
  const start = checkStart(await facts.timeStart(file));
  yield start;
  const servers = start.status === "fail" ? [] : checkServers(await facts.lookAtServers(file));
  yield* servers;
  const canServe = [workspace, start, ...servers].every(({ status }) => status !== "fail");
  const live = isLive && canServe ? await facts.askLive() : undefined;
  if (isLive) yield checkLive(live, facts.credentials);
  const known = live && "plan" in live ? live.plan : null;
  yield checkPlan(known ? { plan: known, reason: "" } : await facts.readPlan());
}

/** Prints the findings, each as soon as it is known; true when nothing failed. */
export async function examine(options: DoctorOptions, { isJson, isLive }: DoctorWishes): Promise<boolean> {
  const width = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const style: CheckStyle = { isColored: wantsColor(options.config.environment), width };
  const facts = await createFacts(options);
  const checks: Check[] = [];
  try {
    for await (const check of diagnose(facts, isLive)) {
      checks.push(check);
      if (!isJson) process.stdout.write(formatCheck(check, style));
    }
  } finally {
    await facts.close();
  }
  const isOk = checks.every(({ status }) => status !== "fail");
  const { version } = options;
  process.stdout.write(
    isJson ? `${JSON.stringify({ ok: isOk, version, checks }, undefined, 2)}\n` : formatSummary(checks, style),
  );
  return isOk;
}
