/** Manifests held against the schemas of those that read them. The schemas are not ours: they come as files. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { toManifestFiles, WINGET_VERSION } from "./manifest.ts";
import type { Sums } from "./manifest.ts";

/** The schema of a manifest, below the folder of schemas: checkouts of Scoop and of winget-cli. */
function toSchemaPath(manifest: object): string {
  if (!("ManifestType" in manifest)) return "scoop/schema.json";
  const type = String(manifest.ManifestType);
  return `winget/schemas/JSON/manifests/v${WINGET_VERSION}/manifest.${type}.${WINGET_VERSION}.json`;
}

/** All that the schemas in `folder` find wrong with the manifests. @throws Error when a schema is not there. */
export function checkManifests(sums: Sums, folder: string, toYaml: (value: object) => string): string[] {
  return Object.entries(toManifestFiles(sums, toYaml)).flatMap(([path, text]) => {
    const manifest = parse(text) as object;
    const file = join(folder, toSchemaPath(manifest));
    if (!existsSync(file)) throw new Error(`Cannot check ${path}: ${file} is not there`);
    // Both use words and formats that the draft does not know.
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
      JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, "")) as object,
    );
    if (validate(manifest)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${path}${instancePath}: ${message}`);
  });
}
