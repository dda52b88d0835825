/** The MCP servers of the server's owner; nothing where there are none. */
import type { McpServerUsage, Usage } from "../meter/usage.ts";
import { createKeyed, find, make, setText } from "./dom.ts";

function toWords({ status, tools, error }: McpServerUsage): string {
  if (status === "connected") return `${tools.length} ${tools.length === 1 ? "tool" : "tools"}`;
  if (status === "unknown") return "not loaded yet";
  return error ?? status;
}

function toLevel({ status }: McpServerUsage): string {
  if (status === "connected") return "ok";
  return status === "unknown" ? "" : "bad";
}

function create({ name }: McpServerUsage): HTMLElement {
  return make(
    "li",
    {},
    make("span", { class: "client" }, name),
    make("span", { class: "chip" }),
    make("span", { class: "soft" }),
  );
}

function update(item: HTMLElement, server: McpServerUsage): void {
  const chip = find(".chip", item);
  chip.dataset["level"] = toLevel(server);
  setText(chip, server.status);
  setText(find(".soft", item), toWords(server));
  item.title = server.tools.join(", ");
}

/** Shows the servers of each usage it is given. */
export function createServers(): { show(usage: Usage): void } {
  const section = find("#mcp-section");
  const count = find("#mcp-count");
  const rows = createKeyed<McpServerUsage>(find("#mcp"), { toKey: ({ name }) => name, create, update });
  return {
    show({ server: { mcp_servers: servers } }) {
      section.hidden = servers.length === 0;
      setText(count, String(servers.length));
      rows.show(servers);
    },
  };
}
