/** Working directories of processes. The CLI names its own to the model in a note that cannot be switched off (P16). */
import type { Launch } from "../request/launch.ts";

/** Folders that exist, private to the user. */
export interface Folders {
  /** Files of turns that have the CLI's file tools; also named sessions' directory, whatever their tools. */
  readonly workspace: string;
  /** Empty, for turns without file tools. Its own name, `EMPTY_FOLDER`, reaches the model. */
  readonly empty: string;
}

/**
 * Name of the empty folder: a client's agent works elsewhere, and the model must not take this path for its project.
 */
export const EMPTY_FOLDER = "not-the-users-project";

/**
 * The working directory of a process. The CLI files a named session under its directory, which so must never change.
 */
export function toWorkingFolder({ tools, session }: Launch, { workspace, empty }: Folders): string {
  const hasFileTools = tools === "workspace" || tools === "full";
  const isNamed = session?.type === "begin" || session?.type === "resume";
  return hasFileTools || isNamed ? workspace : empty;
}
