/** The command that mends a CLI which cannot be used. Pure. */
import type { ClaudeFault } from "./find.ts";

const INSTALL = "curl -fsSL https://claude.ai/install.sh | bash";
const INSTALL_WINDOWS = 'powershell -c "irm https://claude.ai/install.ps1 | iex"';

function toInstall(canNpm: boolean): string {
  if (canNpm) return "npm install -g @anthropic-ai/claude-code";
  return process.platform === "win32" ? INSTALL_WINDOWS : INSTALL;
}

/** One command; `canNpm` says that npm can install the CLI. Without a fault, there was no descriptor left to look. */
export function toClaudeCure(fault: ClaudeFault | undefined, canNpm: boolean): string {
  switch (fault) {
    case "too_old":
      return "claude update";
    case "not_executable":
      return process.platform === "win32" ? "where claude" : "command -v claude";
    case "missing":
    case "silent":
      return toInstall(canNpm);
    case undefined:
      return "ulimit -n 4096";
  }
}
