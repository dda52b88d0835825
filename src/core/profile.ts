/** Which of the CLI's own tools a turn may use, from none to all. */
import { ProxyError } from "./error.ts";

/** In order: each allows what those before it do. */
export const PROFILES = ["none", "web", "workspace", "full"] as const;
/** A profile of the CLI's own tools. */
export type Profile = (typeof PROFILES)[number];

/** The tools a process is started with: a profile's, or web search alone, which a request may ask for under any. */
export type OwnTools = Profile | "search";

/** Facts that decide on a turn's tools. */
export interface ToolsRequest {
  /** The profile that the server's owner allows. */
  readonly allowed: Profile;
  /** The profile that the request lowers it to. */
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
