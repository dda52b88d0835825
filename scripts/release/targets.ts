/** The platforms there is an executable for, and what each is called. */
import { readFileSync } from "node:fs";

interface NodeBinaries {
  /** One version for all: an executable's blob must come from the very Node that it goes into. */
  readonly version: string;
  readonly targets: Readonly<Record<string, { readonly package: string; readonly integrity: string }>>;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

/** Owner and name on GitHub. */
export const REPOSITORY = "claude-max-api/claude-max-api";

export const NODE = read("scripts/release/node-binaries.json") as NodeBinaries;
export const { name: NAME, version: VERSION, description: DESCRIPTION } = read("package.json") as Package;
export const TARGETS: readonly string[] = Object.keys(NODE.targets);
/** The archive for systems without an executable, such as Alpine: the bundle, which runs on the system's Node. */
export const ANYWHERE = "node";
export const HOST = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
export const RELEASE = "dist/release";

export const isWindows = (target: string): boolean => target.startsWith("win-");
export const isMac = (target: string): boolean => target.startsWith("darwin-");
/** The program's file in an archive. */
export const toExecutable = (target: string): string => (isWindows(target) ? `${NAME}.exe` : NAME);
export const toArchive = (target: string): string =>
  `${NAME}-v${VERSION}-${target}${isWindows(target) ? ".zip" : ".tar.gz"}`;
/** The address that a release's archive is downloaded from. */
export const toDownload = (target: string): string =>
  `https://github.com/${REPOSITORY}/releases/download/v${VERSION}/${toArchive(target)}`;
