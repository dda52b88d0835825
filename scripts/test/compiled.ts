/** Paths of compiled test files. */
import { join } from "node:path";

/** Folder for what is compiled. */
export const COMPILED = "dist/tests";

/** The compiled module of a source file; both paths from the root. */
export const toCompiled = (path: string, folder = COMPILED): string => join(folder, path.replace(/\.ts$/, ".mjs"));
