/** MCP servers of the official SDK, and the files that name them. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeFolder } from "./folder.ts";
import type { Scope } from "./scope.ts";

const SERVER = join(import.meta.dirname, "../fixtures/mcp-server.mjs");

/** A stdio server, as a file for `--mcp-config` names it. */
export function toStdioServer(env: Readonly<Record<string, string>> = {}): object {
  return { type: "stdio", command: process.execPath, args: [SERVER], env };
}

/** Starts a streamable HTTP server with these variables; it ends with the scope. Gives its port. */
export async function startMcpServer(t: Scope, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(process.execPath, [SERVER, "http"], { env, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => void child.kill());
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return Number(line);
}

/** Writes a file for `--mcp-config` that only this user can read, and gives its path. */
export function writeMcpConfig(t: Scope, mcpServers: object): string {
  const path = join(makeFolder(t), "mcp.json");
  writeFileSync(path, JSON.stringify({ mcpServers }), { mode: 0o600 });
  return path;
}

/** A certificate for one host and no other, which vouches for itself, and its key. */
export interface Certificate {
  /** The file that is given to those who are to trust it. */
  readonly path: string;
  /** For `MCP_TLS`. */
  readonly variable: string;
}

/** Makes one with the `openssl` of the system. */
export function makeCertificate(t: Scope, host = "localhost"): Certificate {
  const folder = makeFolder(t);
  const [path, keyPath] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const names = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyPath];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", path, "-days", "2", ...names], { stdio: "pipe" });
  const read = (file: string): string => readFileSync(file, "utf8");
  return { path, variable: JSON.stringify({ key: read(keyPath), cert: read(path) }) };
}
