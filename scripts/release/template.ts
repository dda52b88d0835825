/** The files of a release that are written by hand and filled in: the installer and the Homebrew formula. */
import { readFileSync } from "node:fs";
import { DESCRIPTION, NAME, REPOSITORY, VERSION } from "./targets.ts";

/**
 * Fills in `{{name}}`, `{{version}}`, `{{description}}`, `{{repository}}` and what `more` has.
 * @throws Error when a placeholder has no value.
 */
export function fillTemplate(file: string, more: Readonly<Record<string, string>> = {}): string {
  const values: Readonly<Record<string, string>> = {
    name: NAME,
    version: VERSION,
    description: DESCRIPTION,
    repository: REPOSITORY,
    ...more,
  };
  return readFileSync(`scripts/release/${file}`, "utf8").replace(/\{\{([\w-]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot fill ${file} in: no value for ${name}`);
    return value;
  });
}
