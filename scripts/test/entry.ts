/**
 * The process of a batch. Arguments are the folder of the compiled files and the paths of their sources: loads them one
 * after the other, and lets the first test begin when all are there, so that no test waits while others are loaded.
 */
import { before } from "node:test";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { toCompiled } from "./compiled.ts";
import { setLoading } from "./origin.ts";

const [folder = "", ...paths] = process.argv.slice(2);
let begin = (): void => undefined;
const loaded = new Promise<void>((settle) => (begin = settle));
before(() => loaded);
for (const path of paths) {
  setLoading(path);
  await import(pathToFileURL(resolve(toCompiled(path, folder))).href);
}
begin();
