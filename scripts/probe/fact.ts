/** The facts of `src/cli/README.md`, read from there: each is worded once. */
import { readFileSync } from "node:fs";

export const FACTS_FILE = "src/cli/README.md";

export interface Fact {
  /** `P12`. */
  readonly id: string;
  /** The oldest release it holds in; undefined for all that are served through. */
  readonly since: string | undefined;
  /** `probe`, `hand`, or the path of a test. */
  readonly measuredBy: string;
  readonly claim: string;
}

/** Reads all facts, in their order. */
export function readFacts(text = readFileSync(FACTS_FILE, "utf8")): Fact[] {
  const found = text.matchAll(/^- \*\*(P\d+)\*\* \((all|since ([\d.]+)); ([^)]+)\) (.*(?:\n {2}.*)*)/gm);
  return [...found].map(([, id = "", , since, measuredBy = "", claim = ""]) => ({
    id,
    since,
    measuredBy,
    claim: claim.replaceAll(/\n {2}/g, " "),
  }));
}
