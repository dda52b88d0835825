/** A release's manifests for package managers, Scoop and winget, as plain data. */
import { DESCRIPTION, NAME, REPOSITORY, toDownload, toExecutable, VERSION } from "./targets.ts";

/** SHA-256 of each archive, by target. */
export type Sums = Readonly<Record<string, string>>;

const IDENTIFIER = "ClaudeMaxApi.ClaudeMaxApi";
const HOME = `https://github.com/${REPOSITORY}`;
/** Of winget's schemas. */
export const WINGET_VERSION = "1.12.0";

function toSum(sums: Sums, target: string): string {
  const sum = sums[target];
  if (sum === undefined) throw new Error(`Cannot make a manifest: no sum for ${target}`);
  return sum;
}

/** Scoop's manifest. Schema: ScoopInstaller/Scoop, schema.json. */
export function createScoop(sums: Sums): object {
  const toUpdate = (target: string): object => ({
    url: toDownload(target).replaceAll(VERSION, "$version"),
    hash: { url: "$baseurl/SHA256SUMS" },
  });
  return {
    version: VERSION,
    description: DESCRIPTION,
    homepage: HOME,
    license: "MIT",
    notes: [
      "The claude CLI is needed too, signed in once with: claude auth login",
      `Whether all is well: ${NAME} doctor`,
    ],
    architecture: {
      "64bit": { url: toDownload("win-x64"), hash: toSum(sums, "win-x64") },
      arm64: { url: toDownload("win-arm64"), hash: toSum(sums, "win-arm64") },
    },
    bin: toExecutable("win-x64"),
    checkver: "github",
    autoupdate: { architecture: { "64bit": toUpdate("win-x64"), arm64: toUpdate("win-arm64") } },
  };
}

/** winget's three manifests, by the name of their file. Schemas: microsoft/winget-cli, schemas/JSON/manifests. */
export function createWinget(sums: Sums): Readonly<Record<string, object>> {
  const common = { PackageIdentifier: IDENTIFIER, PackageVersion: VERSION };
  const toInstaller = (target: string, architecture: string): object => ({
    Architecture: architecture,
    InstallerUrl: toDownload(target),
    InstallerSha256: toSum(sums, target).toUpperCase(),
  });
  const toEnd = (type: string): object => ({ ManifestType: type, ManifestVersion: WINGET_VERSION });
  return {
    [`${IDENTIFIER}.yaml`]: { ...common, DefaultLocale: "en-US", ...toEnd("version") },
    [`${IDENTIFIER}.installer.yaml`]: {
      ...common,
      InstallerType: "zip",
      NestedInstallerType: "portable",
      NestedInstallerFiles: [{ RelativeFilePath: toExecutable("win-x64"), PortableCommandAlias: NAME }],
      Installers: [toInstaller("win-x64", "x64"), toInstaller("win-arm64", "arm64")],
      ...toEnd("installer"),
    },
    [`${IDENTIFIER}.locale.en-US.yaml`]: {
      ...common,
      PackageLocale: "en-US",
      Publisher: "The claude-max-api contributors",
      PackageName: NAME,
      PackageUrl: HOME,
      License: "MIT",
      LicenseUrl: `${HOME}/blob/v${VERSION}/LICENSE`,
      ShortDescription: DESCRIPTION,
      Moniker: NAME,
      Tags: ["anthropic", "claude", "openai", "proxy"],
      ReleaseNotesUrl: `${HOME}/releases/tag/v${VERSION}`,
      ...toEnd("defaultLocale"),
    },
  };
}

/** The files of both, by their path below the release. `toYaml` writes winget's. */
export function toManifestFiles(sums: Sums, toYaml: (value: object) => string): Readonly<Record<string, string>> {
  const winget = Object.entries(createWinget(sums)).map(([file, value]) => [`winget/${file}`, toYaml(value)]);
  return Object.fromEntries([[`${NAME}.json`, `${JSON.stringify(createScoop(sums), null, 4)}\n`], ...winget]);
}
