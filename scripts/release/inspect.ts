/**
 * Facts of an executable, read without running it: format, machine, the switch that makes it ours, the bundle inside.
 */
import { verifyMachO } from "./macho.ts";
import { readPe } from "./pe.ts";

/**
 * Node looks for a program inside itself when the digit is 1. Source:
 * https://nodejs.org/api/single-executable-applications.html
 */
const FUSE = Buffer.from("NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:");
export const LIMIT_BYTES = 140 * 1000 * 1000;

interface Format {
  readonly name: string;
  readonly isIn: (image: Buffer) => boolean;
  readonly toMachine: (image: Buffer) => number;
  readonly machines: Readonly<Record<string, number>>;
}

const FORMATS: Readonly<Record<string, Format>> = {
  linux: {
    name: "ELF",
    isIn: (image) => image.readUInt32BE(0) === 0x7f454c46,
    toMachine: (image) => image.readUInt16LE(18),
    machines: { x64: 62, arm64: 183 },
  },
  darwin: {
    name: "Mach-O",
    isIn: (image) => image.readUInt32LE(0) === 0xfeedfacf,
    toMachine: (image) => image.readUInt32LE(4),
    machines: { x64: 0x01000007, arm64: 0x0100000c },
  },
  win: {
    name: "PE",
    isIn: (image) =>
      image.toString("latin1", 0, 2) === "MZ" &&
      image.toString("latin1", image.readUInt32LE(60), image.readUInt32LE(60) + 4) === "PE\0\0",
    toMachine: (image) => image.readUInt16LE(image.readUInt32LE(60) + 4),
    machines: { x64: 0x8664, arm64: 0xaa64 },
  },
};

function inspectFuse(image: Buffer): string[] {
  const at = image.indexOf(FUSE);
  if (at < 0) return ["it has no fuse"];
  if (image.includes(FUSE, at + 1)) return ["it has two fuses"];
  return image[at + FUSE.length] === "1".charCodeAt(0) ? [] : ["its fuse is not set"];
}

function inspectSignature(image: Buffer, name: string): string[] {
  try {
    const { identifier, isAdhoc } = verifyMachO(image);
    return isAdhoc && identifier === name ? [] : [`it is signed as ${identifier}`];
  } catch (error) {
    return [error instanceof Error ? error.message : "its signature cannot be read"];
  }
}

function inspectPe(image: Buffer, { name, version }: Expected): string[] {
  const { texts, isSigned } = readPe(image);
  return [
    ...(isSigned ? ["it has certificates over changed bytes"] : []),
    ...(texts["ProductName"] === name ? [] : [`it is named ${texts["ProductName"] ?? "nothing"}`]),
    ...(texts["ProductVersion"] === version ? [] : [`it is of version ${texts["ProductVersion"] ?? "none"}`]),
  ];
}

/** `name` is the signing identifier on macOS and the product's name on Windows. */
export interface Expected {
  readonly name: string;
  readonly version: string;
  readonly bundle: Buffer;
}

/** All that is wrong with an executable for `target`; nothing when it is sound. */
export function inspect(target: string, image: Buffer, expected: Expected): string[] {
  const [system = "", machine = ""] = target.split("-");
  const format = FORMATS[system];
  if (!format?.isIn(image)) return [`it is not ${format?.name ?? "of a known format"}`];
  return [
    ...(format.toMachine(image) === format.machines[machine] ? [] : [`it is not for ${machine}`]),
    ...inspectFuse(image),
    ...(image.includes(expected.bundle) ? [] : ["the bundle is not in it"]),
    ...(image.length <= LIMIT_BYTES ? [] : [`it has ${image.length} bytes, more than ${LIMIT_BYTES}`]),
    ...(system === "darwin" ? inspectSignature(image, expected.name) : []),
    ...(system === "win" ? inspectPe(image, expected) : []),
  ];
}
