/** The notes of a release: its part of the changelog. */

/**
 * The text below the heading of `version`, or below `Unreleased` when `version` has none. @throws Error when there is
 * neither, or nothing below it.
 */
export function readNotes(changelog: string, version: string): { readonly text: string; readonly isReleased: boolean } {
  const parts = changelog.split(/^## /m).slice(1);
  const find = (heading: string): string | undefined => parts.find((part) => part.split(/[\s,:]/)[0] === heading);
  const part = find(version) ?? find("Unreleased");
  const text = part?.slice(part.indexOf("\n")).trim() ?? "";
  if (text === "") throw new Error(`Cannot read the notes of ${version}: CHANGELOG.md has none`);
  return { text, isReleased: find(version) !== undefined };
}
