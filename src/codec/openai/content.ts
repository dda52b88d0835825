/** Images, files and refusals, as OpenAI's protocols put them into parts. */
import type { DocumentPart, ImagePart, TextPart } from "../../core/turn.ts";
import type { PartReader } from "../content.ts";
import { toDocumentOfUrl, toImageOfUrl } from "../content.ts";
import { refuse, toFields, toFilledText, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";

/** Reads an image's URL: a text, or an object that holds it as `url`. */
const toImage: Reader<ImagePart> = (value, path) => {
  if (value === undefined || value === null) return refuse(path, "expected a URL; uploaded files are not stored here");
  if (typeof value === "string") return toImageOfUrl(value, path);
  return toFields(value, path).required("url", (url, where) => toImageOfUrl(toFilledText(url, where), where));
};

/** Reads a part whose `image_url` is an image. */
export const toImagePart: PartReader<ImagePart> = (part) => part.required("image_url", toImage);

/** Reads a file: `file_data` is a data URL, `filename` its title. */
export function toFile(file: Fields): DocumentPart {
  const title = file.optional("filename", toText);
  return file.required("file_data", (value, path) => {
    if (value === undefined || value === null)
      return refuse(path, "expected a base64 data URL; uploaded files are not stored here, and no URL is fetched");
    return toDocumentOfUrl(toFilledText(value, path), title, path);
  });
}

/** Reads a refusal that an assistant has given: it is what was said. */
export const toRefusalPart: PartReader<TextPart> = (part) => ({ type: "text", text: part.required("refusal", toText) });
