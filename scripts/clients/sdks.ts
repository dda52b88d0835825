/** The SDKs that are run, each by a script of `scripts/clients/sdk`. */
import type { Sdk } from "./client.ts";

const ZOD = "zod@4.6.7";
const OPENAI = "openai@7.57.0";
const TYPE = { type: "sdk" } as const;
const OPENAI_VARIABLES = { variables: "openai-sdk" } as const;
const ANTHROPIC_VARIABLES = { variables: "anthropic-sdk" } as const;

const openai = { ...TYPE, ...OPENAI_VARIABLES, name: "OpenAI SDK", id: "openai-sdk", script: "openai" };

const ai = { ...TYPE, id: "ai-sdk", script: "ai" };
const AI_PACKAGES = [
  ...["ai@7.0.173", "@ai-sdk/openai@4.0.118", "@ai-sdk/openai-compatible@3.0.92", "@ai-sdk/anthropic@4.0.105"],
  ZOD,
];

const langchain = {
  ...TYPE,
  id: "langchain-js",
  script: "langchain",
  packages: [
    ...["langchain@1.5.14", "@langchain/core@1.4.0", "@langchain/openai@1.6.0", "@langchain/anthropic@1.5.11"],
    ZOD,
  ],
};

const agents = {
  ...TYPE,
  ...OPENAI_VARIABLES,
  name: "OpenAI Agents SDK",
  id: "openai-agents",
  script: "agents",
  packages: ["@openai/agents@0.20.0", OPENAI, ZOD],
};

const mastra = {
  ...TYPE,
  ...OPENAI_VARIABLES,
  name: "Mastra",
  id: "mastra",
  script: "mastra",
  packages: ["@mastra/core@1.71.0", ZOD],
};

const llamaindex = {
  ...TYPE,
  id: "llamaindex",
  script: "llamaindex",
  packages: [
    ...["llamaindex@0.12.1", "@llamaindex/openai@0.4.23", "@llamaindex/anthropic@0.3.27"],
    ...["@llamaindex/workflow@1.1.25", ZOD],
  ],
};

/** SDKs, in the order of the table. */
export const SDKS: readonly Sdk[] = [
  { ...openai, protocol: "chat", packages: [OPENAI] },
  { ...openai, protocol: "responses", packages: [OPENAI] },
  {
    ...TYPE,
    ...ANTHROPIC_VARIABLES,
    name: "Anthropic SDK",
    id: "anthropic-sdk",
    script: "anthropic",
    protocol: "messages",
    packages: ["@anthropic-ai/sdk@1.12.0"],
  },
  {
    ...TYPE,
    name: "Claude Agent SDK",
    id: "claude-agent-sdk",
    script: "claude-agent",
    protocol: "messages",
    packages: ["@anthropic-ai/claude-agent-sdk@0.3.331", ZOD],
  },
  {
    ...TYPE,
    variables: "ollama",
    name: "Ollama's package",
    id: "ollama",
    script: "ollama",
    protocol: "ollama",
    packages: ["ollama@0.6.4"],
  },
  { ...ai, ...OPENAI_VARIABLES, name: "AI SDK, openai", protocol: "chat", packages: AI_PACKAGES },
  { ...ai, ...OPENAI_VARIABLES, name: "AI SDK, openai", protocol: "responses", packages: AI_PACKAGES },
  {
    ...ai,
    ...OPENAI_VARIABLES,
    name: "AI SDK, openai-compatible",
    protocol: "chat",
    mode: "compatible",
    packages: AI_PACKAGES,
  },
  { ...ai, ...ANTHROPIC_VARIABLES, name: "AI SDK, anthropic", protocol: "messages", packages: AI_PACKAGES },
  { ...langchain, ...OPENAI_VARIABLES, name: "LangChain.js, openai", protocol: "chat" },
  { ...langchain, ...OPENAI_VARIABLES, name: "LangChain.js, openai", protocol: "responses" },
  { ...langchain, ...ANTHROPIC_VARIABLES, name: "LangChain.js, anthropic", protocol: "messages" },
  { ...agents, protocol: "chat" },
  { ...agents, protocol: "responses" },
  { ...mastra, protocol: "chat" },
  { ...mastra, protocol: "responses" },
  { ...llamaindex, ...OPENAI_VARIABLES, name: "LlamaIndex, openai", protocol: "chat" },
  {
    ...llamaindex,
    ...OPENAI_VARIABLES,
    name: "LlamaIndex, openai",
    protocol: "responses",
    exception: {
      why: "its history repeats the last delta of an answer with each event after it, and lacks the words before a call",
    },
  },
  { ...llamaindex, ...ANTHROPIC_VARIABLES, name: "LlamaIndex, anthropic", protocol: "messages" },
  {
    ...TYPE,
    ...OPENAI_VARIABLES,
    name: "Instructor",
    id: "instructor",
    script: "instructor",
    protocol: "chat",
    packages: ["@instructor-ai/instructor@1.7.0", OPENAI, ZOD],
    exception: { why: "it gives the parsed object alone, so that the answer is not in the history as it came" },
  },
];
