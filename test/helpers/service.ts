/** A user with a service manager of their own: a script in place of systemctl. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runProgram } from "./command.ts";
import type { Ended } from "./command.ts";
import { makeFolder } from "./folder.ts";
import { FAKE_CLI } from "./proxy.ts";
import type { Scope } from "./scope.ts";

/** A stand-in for systemctl that takes down what it is asked, and finds the service active. */
export const SYSTEMCTL = `#!/bin/sh
echo "$@" >>"$HOME/asked"
[ "$2" = is-active ] && echo active
exit 0
`;

/** The unit's file below the home. */
export const UNIT = ".config/systemd/user/claude-max-api.service";

/**
 * A home whose PATH begins with the stand-in. `port` is that of a server which the stand-in is to have started: the
 * service was installed for it before.
 */
export async function makeHome(
  t: Scope,
  port?: string,
): Promise<{ home: string; run: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Ended> }> {
  const home = makeFolder(t);
  if (port !== undefined) {
    await mkdir(dirname(join(home, UNIT)), { recursive: true });
    await writeFile(join(home, UNIT), `[Service]\nExecStart="/bin/sh" "serve" "--port" "${port}"\n`);
  }
  await mkdir(join(home, "bin"));
  await writeFile(join(home, "bin/systemctl"), SYSTEMCTL, { mode: 0o755 });
  const own = { HOME: home, PATH: `${join(home, "bin")}:${process.env["PATH"]}`, CLAUDE_MAX_API_CLAUDE: FAKE_CLI };
  return { home, run: (args, env = {}) => runProgram(["service", ...args], { ...own, ...env }) };
}
