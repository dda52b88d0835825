/** Manifests of package managers: each names the archives of the release with their sums. */
import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { toManifestFiles } from "../../../scripts/release/manifest.ts";
import { NAME, TARGETS, toArchive, toDownload, VERSION } from "../../../scripts/release/targets.ts";
import { fillTemplate } from "../../../scripts/release/template.ts";
import { hasProgram, runFile } from "../../helpers/command.ts";
import { makeFolder } from "../../helpers/folder.ts";

const SUMS = Object.fromEntries(TARGETS.map((target, index) => [target, `${index}abc`.repeat(16)]));
const files = toManifestFiles(SUMS, stringify);

test("Scoop's manifest has a zip, its sum and its program for both processors, and finds the next release", () => {
  const scoop = JSON.parse(files[`${NAME}.json`] ?? "") as {
    architecture: object;
    bin: string;
    autoupdate: { architecture: { "64bit": { url: string } } };
  };
  assert.deepEqual(scoop.architecture, {
    "64bit": { url: toDownload("win-x64"), hash: SUMS["win-x64"] },
    arm64: { url: toDownload("win-arm64"), hash: SUMS["win-arm64"] },
  });
  assert.equal(scoop.bin, `${NAME}.exe`);
  assert.equal(scoop.autoupdate.architecture["64bit"].url.replaceAll("$version", VERSION), toDownload("win-x64"));
});

test("winget's manifests agree on package and version, and unpack the zip's program", () => {
  const winget = Object.entries(files).filter(([path]) => path.startsWith("winget/"));
  const parsed = winget.map(([, text]) => parse(text) as Record<string, unknown>);
  assert.deepEqual(
    parsed.map((manifest) => [manifest["ManifestType"], manifest["PackageVersion"]]),
    ["version", "installer", "defaultLocale"].map((type) => [type, VERSION]),
  );
  for (const [path] of winget) assert.ok(path.startsWith(`winget/${String(parsed[0]?.["PackageIdentifier"])}.`), path);
  const installers = parsed[1]?.["Installers"] as { InstallerUrl: string; InstallerSha256: string }[];
  assert.deepEqual(
    installers.map(({ InstallerUrl, InstallerSha256 }) => [InstallerUrl, InstallerSha256]),
    ["win-x64", "win-arm64"].map((target) => [toDownload(target), SUMS[target]?.toUpperCase()]),
  );
  assert.match(toArchive("win-x64"), /\.zip$/);
});

test("a manifest without a sum is refused", () => {
  assert.throws(() => toManifestFiles({}, stringify), /Cannot make a manifest: no sum for win-x64/);
});

test("bash reads the PKGBUILD, and its package puts the program, licenses and completions in place", async (t) => {
  const folder = makeFolder(t);
  const file = join(folder, "PKGBUILD");
  await writeFile(file, fillTemplate("PKGBUILD", SUMS));
  assert.doesNotMatch(await readFile(file, "utf8"), /\{\{/);
  if (!(await hasProgram("bash"))) return;
  for (const name of ["LICENSE", "LICENSE-node"]) await writeFile(join(folder, name), name);
  await writeFile(join(folder, NAME), "#!/bin/sh\necho $2\n");
  await chmod(join(folder, NAME), 0o755);
  await mkdir(join(folder, "pkg"));
  const script =
    "set -eu; pkgdir=pkg; . ./PKGBUILD; package; echo ${source_x86_64[0]} ${sha256sums_aarch64[0]}; find pkg -type f | sort";
  const { code, stdout, stderr } = await runFile(["bash", "-c", script], {}, folder);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(stdout.trim().split("\n"), [
    `${toDownload("linux-x64")} ${SUMS["linux-arm64"]}`,
    `pkg/usr/bin/${NAME}`,
    `pkg/usr/share/bash-completion/completions/${NAME}`,
    `pkg/usr/share/fish/vendor_completions.d/${NAME}.fish`,
    `pkg/usr/share/licenses/${NAME}-bin/LICENSE`,
    `pkg/usr/share/licenses/${NAME}-bin/LICENSE-node`,
    `pkg/usr/share/zsh/site-functions/_${NAME}`,
  ]);
});
