/** The part of a Windows executable that tells people and Windows about it: certificates, icon, name and version. */
import { NtExecutable, NtExecutableResource, Resource } from "resedit";

const ICON = 3;
const ICON_GROUP = 14;
/** The directory of certificates, by its index in the optional header. Source: Microsoft's PE format. */
const SECURITY = 4;
/** American English in UTF-16: the language of Node's own version information. */
const LANGUAGE = { lang: 1033, codepage: 1200 };

/** Texts that Windows shows of a program; `version` is `1.2.3`. */
export interface PeIdentity {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly copyright: string;
}

/**
 * Puts our name, version and description in place of Node's, and takes Node's icon and certificates away: a certificate
 * over bytes that were changed is one that does not match, which Windows and virus scanners take for tampering. All
 * other resources stay, the program among them.
 */
export function brandPe(image: Buffer, { name, version, description, copyright }: PeIdentity): Buffer {
  const executable = NtExecutable.from(image, { ignoreCert: true });
  const resources = NtExecutableResource.from(executable);
  resources.entries = resources.entries.filter(({ type }) => type !== ICON && type !== ICON_GROUP);
  const info = Resource.VersionInfo.fromEntries(resources.entries)[0] ?? Resource.VersionInfo.createEmpty();
  for (const language of info.getAllLanguagesForStringValues()) info.removeAllStringValues(language);
  info.setFileVersion(version, LANGUAGE.lang);
  info.setProductVersion(version, LANGUAGE.lang);
  info.setStringValues(LANGUAGE, {
    ProductName: name,
    FileDescription: description,
    InternalName: name,
    OriginalFilename: `${name}.exe`,
    FileVersion: version,
    ProductVersion: version,
    LegalCopyright: copyright,
  });
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(executable, false, true);
  return Buffer.from(executable.generate());
}

/** Texts and certificates of a Windows executable. @throws Error when it is none. */
export function readPe(image: Buffer): {
  readonly texts: Readonly<Record<string, string>>;
  readonly isSigned: boolean;
} {
  const executable = NtExecutable.from(image, { ignoreCert: true });
  const [info] = Resource.VersionInfo.fromEntries(NtExecutableResource.from(executable).entries);
  const [language] = info?.getAllLanguagesForStringValues() ?? [];
  return {
    texts: (language && info?.getStringValues(language)) ?? {},
    isSigned: executable.newHeader.optionalHeaderDataDirectory.get(SECURITY).size > 0,
  };
}
