/**
 * The file that each test of a process comes from. Files are loaded one after the other, and tests end in the order in
 * which they were declared: the runtime itself would name the helper that declared one.
 */
const sources: string[] = [];
let loading = "";

/** Says which file is loaded from now on. */
export function setLoading(path: string): void {
  loading = path;
}

/** Counts one more test, not a part of another, for the file that is being loaded. */
export function addTest(): void {
  sources.push(loading);
}

/** The file of a test, counted from 0 in the order of declaration; empty for one that was never declared. */
export const toSource = (at: number): string => sources[at] ?? "";
