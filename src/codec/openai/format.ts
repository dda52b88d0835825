/** The format of an answer, as OpenAI's protocols ask for it. */
import { TEXT_FORMAT } from "../../core/turn.ts";
import type { Format } from "../../core/turn.ts";
import { toFields, toOneOf } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toSchema } from "../setting.ts";

const toType = toOneOf(["text", "json_object", "json_schema"]);

/**
 * Reads a format. `toNamed` gives the object that holds the schema of a `json_schema`: the protocols nest it
 * differently.
 */
export function toFormat(toNamed: (format: Fields) => Fields): Reader<Format> {
  return (value, path) => {
    const format = toFields(value, path);
    switch (format.required("type", toType)) {
      case "text":
        return TEXT_FORMAT;
      case "json_object":
        return { type: "json", schema: format.optional("schema", toSchema) ?? { type: "object" } };
      case "json_schema":
        return { type: "json", schema: toNamed(format).required("schema", toSchema) };
    }
  };
}
