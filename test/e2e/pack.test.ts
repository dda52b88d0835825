/** The npm package: what is in it, and that it runs from where npm puts it. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { NAME, VERSION } from "../../scripts/release/targets.ts";
import { runFile } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { FAKE_CLI } from "../helpers/proxy.ts";

test("it holds the bundle, the README and the license, and its program runs once installed", async (t) => {
  const folder = makeFolder(t);
  const env = {
    HOME: folder,
    npm_config_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
  const packed = await runFile(["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", folder], env);
  assert.equal(packed.code, 0, packed.stderr);
  const told: unknown = JSON.parse(packed.stdout);
  const [entry] = (Array.isArray(told) ? told : Object.values(told as object)) as {
    files: { path: string; mode: number }[];
    filename: string;
  }[];
  assert.deepEqual(entry?.files.map(({ path }) => path).sort(), [
    "LICENSE",
    "README.md",
    `dist/${NAME}.cjs`,
    "package.json",
  ]);
  const place = join(folder, "place");
  await mkdir(place);
  await writeFile(join(place, "package.json"), "{}");
  const installed = await runFile(["npm", "install", "--offline", join(folder, entry?.filename ?? "")], env, place);
  assert.equal(installed.code, 0, installed.stderr);
  const program = join(place, "node_modules/.bin", NAME);
  assert.deepEqual(await runFile([program, "--version"], { HOME: folder }), {
    code: 0,
    stdout: `${VERSION}\n`,
    stderr: "",
  });
  const doctor = await runFile([program, "doctor", "--port", "0", "--claude", FAKE_CLI], { HOME: folder });
  assert.equal(doctor.code, 0, doctor.stdout);
});
