/**
 * Ad-hoc code signing of a thin 64-bit Mach-O, on any host: what `codesign --sign -` writes. Layout: Apple's cs_blobs.h
 * and mach-o/loader.h
 */
import { createHash } from "node:crypto";

const MH_MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const HEADER_BYTES = 32;
const SIGNATURE_COMMAND_BYTES = 16;
const SECTION_BYTES = 80;
const CODE_DIRECTORY_BYTES = 88;
const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
/** Segments are mapped in pages of 16 KiB on arm64. */
const SEGMENT_ALIGN = 0x4000;
const HASH_BYTES = 32;
const HASH_SHA256 = 2;
const ADHOC = 0x2;
const EXECSEG_MAIN_BINARY = 1n;
/** Hashes before the pages': one of the requirements, one (all zero) of an Info.plist that is not there. */
const SPECIAL_SLOTS = 2;

const NO_REQUIREMENTS = Buffer.from("fade0c010000000c00000000", "hex");
const NO_CERTIFICATE = Buffer.from("fade0b0100000008", "hex");

const hash = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
const align = (size: number, to: number): number => Math.ceil(size / to) * to;

interface Layout {
  readonly commands: number;
  readonly commandBytes: number;
  /** Offset of the first section's bytes: load commands must end before it. */
  readonly firstSection: number;
  /** `at` is the offset of the load command. */
  readonly linkedit: { readonly at: number; readonly offset: number; readonly size: number };
  readonly text: { readonly offset: number; readonly size: number };
  readonly signature: { readonly at: number; readonly offset: number; readonly size: number } | undefined;
}

function readSegment(image: Buffer, at: number) {
  const name = image.toString("latin1", at + 8, at + 24).replace(/\0+$/, "");
  const sections = Array.from({ length: image.readUInt32LE(at + 64) }, (_, index) =>
    image.readUInt32LE(at + 72 + SECTION_BYTES * index + 48),
  );
  return {
    name,
    at,
    offset: Number(image.readBigUInt64LE(at + 40)),
    size: Number(image.readBigUInt64LE(at + 48)),
    sections,
  };
}

function readLayout(image: Buffer): Layout {
  if (image.readUInt32LE(0) !== MH_MAGIC_64) throw new Error("Cannot read Mach-O: not a thin 64-bit image");
  const commands = image.readUInt32LE(16);
  const segments: ReturnType<typeof readSegment>[] = [];
  let signature: Layout["signature"];
  for (let index = 0, at = HEADER_BYTES; index < commands; index++, at += image.readUInt32LE(at + 4)) {
    const type = image.readUInt32LE(at);
    if (type === LC_SEGMENT_64) segments.push(readSegment(image, at));
    else if (type === LC_CODE_SIGNATURE)
      signature = { at, offset: image.readUInt32LE(at + 8), size: image.readUInt32LE(at + 12) };
  }
  const [linkedit, text] = ["__LINKEDIT", "__TEXT"].map((name) => segments.find((segment) => segment.name === name));
  if (!linkedit || !text) throw new Error("Cannot read Mach-O: no __LINKEDIT or no __TEXT");
  const firstSection = Math.min(...segments.flatMap(({ sections }) => sections).filter((offset) => offset > 0));
  return { commands, commandBytes: image.readUInt32LE(20), firstSection, linkedit, text, signature };
}

/** End of the signed part: the old signature's start, or the end of a file that has none. */
function findEnd(image: Buffer, { signature, linkedit, commandBytes, firstSection }: Layout): number {
  if (signature) {
    if (signature.at + SIGNATURE_COMMAND_BYTES !== HEADER_BYTES + commandBytes)
      throw new Error("Cannot sign Mach-O: its signature is not the last load command");
    return signature.offset;
  }
  if (linkedit.offset + linkedit.size !== image.length)
    throw new Error("Cannot sign Mach-O: __LINKEDIT does not end the file");
  if (HEADER_BYTES + commandBytes + SIGNATURE_COMMAND_BYTES > firstSection)
    throw new Error("Cannot sign Mach-O: no room for a load command");
  return image.length;
}

/** Numbers in a signature are big-endian, one after another. */
const toWords = (...values: readonly number[]): Buffer => {
  const words = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => words.writeUInt32BE(value, 4 * index));
  return words;
};

function toLongs(...values: readonly bigint[]): Buffer {
  const longs = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => longs.writeBigUInt64BE(value, 8 * index));
  return longs;
}

function toPageHashes(image: Buffer, end: number, pageBytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(end / pageBytes) }, (_, page) =>
    hash(image.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, end))),
  );
}

interface Sizes {
  readonly hashOffset: number;
  readonly directory: number;
  /** Offset of the code directory in the signature. */
  readonly start: number;
  readonly total: number;
}

function toSizes(identifier: Buffer, end: number): Sizes {
  const hashOffset = CODE_DIRECTORY_BYTES + identifier.length + SPECIAL_SLOTS * HASH_BYTES;
  const directory = hashOffset + Math.ceil(end / PAGE_BYTES) * HASH_BYTES;
  const start = 12 + 3 * 8;
  return { hashOffset, directory, start, total: start + directory + NO_REQUIREMENTS.length + NO_CERTIFICATE.length };
}

/** The signature of an image whose first `end` bytes are final. */
function createSignature(image: Buffer, end: number, identifier: Buffer, text: Layout["text"]): Buffer {
  const { hashOffset, directory, start, total } = toSizes(identifier, end);
  const pages = toPageHashes(image, end, PAGE_BYTES);
  return Buffer.concat([
    toWords(SUPER_BLOB, total, 3),
    toWords(0, start, 2, start + directory, 0x10000, start + directory + NO_REQUIREMENTS.length),
    toWords(
      CODE_DIRECTORY,
      directory,
      0x20400,
      ADHOC,
      hashOffset,
      CODE_DIRECTORY_BYTES,
      SPECIAL_SLOTS,
      pages.length,
      end,
    ),
    Buffer.from([HASH_BYTES, HASH_SHA256, 0, PAGE_SHIFT]),
    toWords(0, 0, 0, 0),
    toLongs(0n, BigInt(text.offset), BigInt(text.size), EXECSEG_MAIN_BINARY),
    identifier,
    hash(NO_REQUIREMENTS),
    Buffer.alloc(HASH_BYTES),
    ...pages,
    NO_REQUIREMENTS,
    NO_CERTIFICATE,
  ]);
}

/**
 * Signs an image, in place of the signature it may have. `name` is the signing identifier. @throws Error when it has a
 * shape that cannot be signed.
 */
export function signMachO(image: Buffer, name: string): Buffer {
  const layout = readLayout(image);
  const end = findEnd(image, layout);
  const offset = align(end, 16);
  const identifier = Buffer.from(`${name}\0`);
  const size = align(toSizes(identifier, offset).total, 16);
  const signed = Buffer.alloc(offset + size);
  image.copy(signed, 0, 0, end);
  const at = layout.signature?.at ?? HEADER_BYTES + layout.commandBytes;
  if (!layout.signature) {
    signed.writeUInt32LE(layout.commands + 1, 16);
    signed.writeUInt32LE(layout.commandBytes + SIGNATURE_COMMAND_BYTES, 20);
  }
  [LC_CODE_SIGNATURE, SIGNATURE_COMMAND_BYTES, offset, size].forEach((value, index) =>
    signed.writeUInt32LE(value, at + 4 * index),
  );
  // __LINKEDIT reaches to the end of the signature.
  const linkeditSize = offset + size - layout.linkedit.offset;
  signed.writeBigUInt64LE(BigInt(align(linkeditSize, SEGMENT_ALIGN)), layout.linkedit.at + 32);
  signed.writeBigUInt64LE(BigInt(linkeditSize), layout.linkedit.at + 48);
  createSignature(signed, offset, identifier, layout.text).copy(signed, offset);
  return signed;
}

export interface MachOSignature {
  readonly identifier: string;
  readonly isAdhoc: boolean;
  readonly pages: number;
}

function verifyDirectory(image: Buffer, at: number, end: number): MachOSignature {
  const [flags, hashOffset, identifierOffset, , pages, limit] = [12, 16, 20, 24, 28, 32].map((field) =>
    image.readUInt32BE(at + field),
  );
  if (limit !== end) throw new Error(`Cannot verify Mach-O: ${limit} bytes are signed, not ${end}`);
  const found = toPageHashes(image, end, 1 << image.readUInt8(at + 39));
  if (found.length !== pages) throw new Error(`Cannot verify Mach-O: ${pages} pages are signed, not ${found.length}`);
  found.forEach((page, index) => {
    const place = at + (hashOffset ?? 0) + index * HASH_BYTES;
    if (page.compare(image, place, place + HASH_BYTES) !== 0)
      throw new Error(`Cannot verify Mach-O: page ${index} does not match its hash`);
  });
  const name = at + (identifierOffset ?? 0);
  return {
    identifier: image.toString("utf8", name, image.indexOf(0, name)),
    isAdhoc: ((flags ?? 0) & ADHOC) !== 0,
    pages: found.length,
  };
}

/** Checks every page against its SHA-256. @throws Error on a mismatch, or when there is no signature. */
export function verifyMachO(image: Buffer): MachOSignature {
  const { signature, linkedit } = readLayout(image);
  if (!signature) throw new Error("Cannot verify Mach-O: it is not signed");
  const { offset } = signature;
  if (offset + signature.size !== image.length || linkedit.offset + linkedit.size !== image.length)
    throw new Error("Cannot verify Mach-O: the signature does not end the file");
  if (image.readUInt32BE(offset) !== SUPER_BLOB) throw new Error("Cannot verify Mach-O: the signature cannot be read");
  const blobs = Array.from(
    { length: image.readUInt32BE(offset + 8) },
    (_, index) => offset + image.readUInt32BE(offset + 16 + 8 * index),
  );
  const directory = blobs.find(
    (at) => image.readUInt32BE(at) === CODE_DIRECTORY && image.readUInt8(at + 37) === HASH_SHA256,
  );
  if (directory === undefined) throw new Error("Cannot verify Mach-O: no SHA-256 code directory");
  return verifyDirectory(image, directory, offset);
}
