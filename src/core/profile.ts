/** Which of the CLI's own tools a turn may use, from none to all. */
import { ProxyError } from "./error.ts";

/** In order: each allows what those before it do. */
export const PROFILES = ["none", "web", "workspace", "full"] as const;
export type Profile = (typeof PROFILES)[number];

/** What a process is started with: a profile, or the web search alone, which a request may ask for under any. */
export type OwnTools = Profile | "search";

export interface ToolsRequest {
  /** What the user who started the server allows. */
  readonly allowed: Profile;
  /** What the request lowers it to. */
  readonly asked: Profile | undefined;
  /** The request asks for web search by its protocol's own field. */
  readonly webSearch: boolean;
  /** Client tools switch the CLI's own off. */
  readonly hasClientTools: boolean;
}

/** The tools a turn gets. @throws ProxyError `forbidden` when it asks for more than is allowed. */
export function toOwnTools({ allowed, asked = allowed, webSearch, hasClientTools }: ToolsRequest): OwnTools {
  if (PROFILES.indexOf(asked) > PROFILES.indexOf(allowed)) {
    throw new ProxyError("forbidden", `Cannot use tools ${asked}: this server allows ${allowed}; --tools raises it`, {
      param: "x-claude-tools",
    });
  }
  const tools = hasClientTools ? "none" : asked;
  return tools === "none" && webSearch ? "search" : tools;
}
