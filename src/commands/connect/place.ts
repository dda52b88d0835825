/** The server as its clients are to know it: address, key, models with their limits. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readModelFile } from "../../cli/install/modelfile.ts";
import type { Place } from "../../client/client.ts";
import { FIRST_MODEL, OFFERED } from "../../client/table.ts";
import type { Config } from "../../config/config.ts";
import { toApiKey } from "../../core/key.ts";
import { createModels } from "../../core/model.ts";
import { toSocketPath } from "../../lib/address.ts";
import { createLog } from "../../lib/log.ts";
import { toLocalAddress } from "../port.ts";
import { readStoredKeys } from "../stored.ts";
import { ConnectError } from "./file.ts";
import { toConnectFolder } from "./record.ts";

/** Any text does where the server asks for no key. */
const UNUSED_KEY = "unused";

/** The first key of the server: of the options, else of the service that is installed. */
async function readKey({ apiKeys, stateFolder }: Config): Promise<string | undefined> {
  const [text] = apiKeys.length > 0 ? apiKeys : await readStoredKeys(join(stateFolder, "service.env"));
  return text === undefined ? undefined : toApiKey(text).key;
}

/** The address as clients write it; `localhost` for loopback, which the server has in both families. */
export function toOrigin(config: Config): string {
  if (toSocketPath(config.host) !== undefined)
    throw new ConnectError("Cannot connect clients to a Unix socket: they want a port, see --port");
  if (config.port === 0) throw new ConnectError("Cannot connect clients to port 0: name the server's port with --port");
  const { host, port } = toLocalAddress(config);
  if (/^(?:127\.0\.0\.1|::1|localhost)$/.test(host)) return `http://localhost:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The name of the file, in the folder of records, that holds the key for clients that can refer to one. */
export const KEY_NAME = "key";

/** Writes the key to its file, private to the user. */
export async function writeKey({ keyFile, key }: Place): Promise<void> {
  if (keyFile === undefined) return;
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  await writeFile(keyFile, key, { mode: 0o600 });
}

/** The server that this configuration describes; `asked` is the model that the user has named. @throws ProxyError. */
export async function toPlace(config: Config, asked: string | undefined): Promise<Place> {
  const models = createModels(config.aliases);
  const known = await readModelFile(
    join(config.stateFolder, "models.json"),
    createLog("error", () => undefined),
  );
  if (known) models.restore(known);
  const model = asked ?? FIRST_MODEL;
  models.resolve(model);
  const key = await readKey(config);
  return {
    origin: toOrigin(config),
    key: key ?? UNUSED_KEY,
    ...(key === undefined ? {} : { keyFile: join(toConnectFolder(config.stateFolder), KEY_NAME) }),
    isWindows: process.platform === "win32",
    model,
    isChosen: asked !== undefined,
    models: [...new Set([...OFFERED, model])].map((id) => ({ id, ...models.findLimits(models.resolve(id).id) })),
  };
}
