/** Ollama's endpoints about models: what there is, what it can do, and what cannot be done here. */
import { createHash } from "node:crypto";
import { ProxyError } from "../../core/error.ts";
import type { ModelInfo } from "../../core/model.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Resource, ResourceHandler } from "../codec.ts";
import { toFlatBody } from "../field.ts";
import { toModelName } from "./decode.ts";
import type { OllamaDetails, OllamaModel } from "./wire.ts";

/** The release of Ollama whose API this is: clients ask for one, VS Code for at least 0.6.4. */
const VERSION = "0.13.0";
/** Models that are served have no files, and so no date of their own. */
const MODIFIED_AT = "2025-01-01T00:00:00Z";
/** Tokens that every model of Claude takes at least; told until the CLI has said what this one takes. */
const LEAST_CONTEXT = 200_000;

const DETAILS: OllamaDetails = {
  parent_model: "",
  format: "",
  family: "claude",
  families: ["claude"],
  parameter_size: "",
  quantization_level: "",
};

/** Every name of Ollama's has a tag, and clients cut it off. */
function toModel({ id }: ModelInfo): OllamaModel {
  const name = `${id}:latest`;
  const digest = createHash("sha256").update(name).digest("hex");
  return { name, model: name, modified_at: MODIFIED_AT, size: 0, digest, details: DETAILS };
}

const listModels: ResourceHandler = ({ models }) => ({ models: models.list().map(toModel) });

/** Tells of one model. @throws ProxyError `model_not_found`. */
const showModel: ResourceHandler = ({ body: value, models }): JsonObject => {
  const body = toFlatBody(value);
  const name = body.optional("model", toModelName) ?? body.required("name", toModelName);
  const { id } = models.resolve(name);
  return {
    modelfile: "",
    parameters: "",
    template: "{{ .Prompt }}",
    details: DETAILS,
    model_info: {
      "general.architecture": "claude",
      "general.basename": id,
      "claude.context_length": models.findLimits(id)?.contextTokens ?? LEAST_CONTEXT,
    },
    capabilities: ["completion", "tools", "vision", "thinking"],
    modified_at: MODIFIED_AT,
  };
};

/** An endpoint that cannot be served, whatever it is asked. */
function refuseAll(path: string, methods: readonly ("GET" | "POST" | "DELETE")[], problem: string): Resource {
  const refuse: ResourceHandler = () => {
    throw new ProxyError("invalid_request", problem);
  };
  return {
    path: `/api/${path}`,
    methods: Object.fromEntries(methods.map((method) => [method, refuse])),
    ignoresBody: true,
  };
}

const NO_FILES = "the models are Claude's, and no file of theirs is here";
const NO_EMBEDDINGS = "Cannot embed: Claude makes no embeddings. Use an embedding server beside this one";

/** Everything of Ollama's API that is not an answer of a model. */
export const CATALOGUE: readonly Resource[] = [
  { path: "/api/version", methods: { GET: () => ({ version: VERSION }) } },
  { path: "/api/tags", methods: { GET: listModels } },
  // Nothing is held in memory: every model is there at once.
  { path: "/api/ps", methods: { GET: () => ({ models: [] }) } },
  { path: "/api/show", methods: { POST: showModel } },
  refuseAll("pull", ["POST"], `Cannot pull a model: ${NO_FILES}. /api/tags lists what is served`),
  refuseAll("push", ["POST"], `Cannot push a model: ${NO_FILES}`),
  refuseAll("create", ["POST"], `Cannot create a model: ${NO_FILES}. --alias gives one a name`),
  refuseAll("copy", ["POST"], `Cannot copy a model: ${NO_FILES}. --alias gives one a name`),
  refuseAll("delete", ["DELETE"], `Cannot delete a model: ${NO_FILES}`),
  refuseAll("blobs/:", ["GET", "POST"], `Cannot take blobs: ${NO_FILES}`),
  refuseAll("embed", ["POST"], NO_EMBEDDINGS),
  refuseAll("embeddings", ["POST"], NO_EMBEDDINGS),
];
