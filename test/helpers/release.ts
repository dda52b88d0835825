/** A release of the program as an installer finds it: on loopback, or behind GitHub's address. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { createArchive } from "../../scripts/release/tar.ts";
import { ANYWHERE, NAME, REPOSITORY, toArchive, VERSION } from "../../scripts/release/targets.ts";
import { fillTemplate } from "../../scripts/release/template.ts";
import { runFile } from "./command.ts";
import type { Ended } from "./command.ts";
import { makeFolder } from "./folder.ts";
import { makeCertificate } from "./mcp.ts";
import type { Scope } from "./scope.ts";

/** Of archives that are made for the tests. */
export const TARGETS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", ANYWHERE];
/** A program that tells its version. */
export const PROGRAM = `#!/bin/sh\necho ${VERSION}\n`;

/** A release on loopback, and its installer. */
export interface Release {
  readonly files: Map<string, Buffer>;
  readonly install: (env?: NodeJS.ProcessEnv, cwd?: string) => Promise<Ended>;
  /** The environment that `install` gives the script, and the script. */
  readonly env: NodeJS.ProcessEnv;
  readonly script: string;
  /** What is in the folder that was installed to. */
  readonly list: () => Promise<string[]>;
  readonly place: string;
}

/** A release whose archives hold a small script. `cut` sends half of a file and hangs up. */
export async function startRelease(
  t: Scope,
  { program = PROGRAM, cut }: { program?: string; cut?: string } = {},
): Promise<Release> {
  const archive = createArchive([{ name: NAME, mode: 0o755, bytes: Buffer.from(program) }]);
  const sum = createHash("sha256").update(archive).digest("hex");
  const files = new Map<string, Buffer>(TARGETS.map((target) => [toArchive(target), archive]));
  files.set("SHA256SUMS", Buffer.from(TARGETS.map((target) => `${sum}  ${toArchive(target)}\n`).join("")));
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? "";
    const file = files.get(name);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": file.length });
    if (cut !== undefined && name.includes(cut))
      return void response.write(file.subarray(0, file.length >> 1), () => response.destroy());
    response.end(file);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  const folder = makeFolder(t);
  const script = join(folder, "install.sh");
  await writeFile(script, fillTemplate("install.sh"));
  const place = join(folder, "bin");
  const own = {
    HOME: folder,
    TMPDIR: folder,
    CLAUDE_MAX_API_VERSION: VERSION,
    CLAUDE_MAX_API_INSTALL_DIR: place,
    CLAUDE_MAX_API_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  return {
    ...{ files, place, script, env: own },
    install: (env = {}, cwd = folder) => runFile(["sh", script], { ...own, ...env }, cwd),
    list: () => readdir(place).catch(() => []),
  };
}

async function listen(t: Scope, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/**
 * GitHub by its own name and address, as a proxy shows it to curl and wget. `latest` is the path that the newest release
 * is at; downloads are redirected once. @returns the variables that lead there; `home` gets a file for wget.
 */
export async function startGithub(
  t: Scope,
  files: ReadonlyMap<string, Buffer>,
  { latest, home }: { latest: string; home: string },
): Promise<NodeJS.ProcessEnv> {
  const { path, variable } = makeCertificate(t, "github.com");
  const releases = `/${REPOSITORY}/releases`;
  const github = createTlsServer(JSON.parse(variable) as { key: string; cert: string }, (request, response) => {
    const { url = "" } = request;
    const to = (place: string): unknown => response.writeHead(302, { location: `https://github.com${place}` }).end();
    if (url === `${releases}/latest`) return void to(`${releases}${latest}`);
    if (url.startsWith(`${releases}/download/v${VERSION}/`)) return void to(`/asset/${url.split("/").at(-1)}`);
    const file = url.startsWith("/asset/") ? files.get(url.slice("/asset/".length)) : Buffer.from("a page");
    response.writeHead(file ? 200 : 404).end(file);
  });
  const port = await listen(t, github);
  const proxy = createServer().on("connect", (_request, client: Socket) => {
    const server = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      server.pipe(client).pipe(server);
    });
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
  });
  await writeFile(join(home, ".wgetrc"), `ca_certificate = ${path}\n`);
  return { https_proxy: `http://127.0.0.1:${await listen(t, proxy)}`, CURL_CA_BUNDLE: path };
}
