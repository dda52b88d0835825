/** A `.zip` that depends on its contents only: one time, one order. Format: PKWARE's APPNOTE. */
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import type { TarEntry } from "./tar.ts";

const VERSION_NEEDED = 20;
const DEFLATED = 8;
/** 2026-01-01 in MS-DOS's form: years since 1980, month, day. */
const DATE = (46 << 9) | (1 << 5) | 1;

/** The fields that the header of a file and its line in the directory share. */
function toFields({ name, bytes }: TarEntry, packed: Uint8Array): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(VERSION_NEEDED, 0);
  fields.writeUInt16LE(DEFLATED, 4);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function toLine(fields: Buffer, name: string, at: number): Buffer {
  const line = Buffer.alloc(46);
  line.write("PK\x01\x02", 0, "latin1");
  line.writeUInt16LE(VERSION_NEEDED, 4);
  fields.copy(line, 6);
  line.writeUInt32LE(at, 42);
  return Buffer.concat([line, Buffer.from(name, "latin1")]);
}

/** Packs the files in the order given. Names are ASCII; modes do not count on Windows. */
export function createZip(entries: readonly TarEntry[]): Buffer {
  const files: Buffer[] = [];
  const lines: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const packed = deflateRawSync(entry.bytes, { level: 9 });
    const fields = toFields(entry, packed);
    const file = Buffer.concat([
      Buffer.from("PK\x03\x04", "latin1"),
      fields,
      Buffer.from(entry.name, "latin1"),
      packed,
    ]);
    lines.push(toLine(fields, entry.name, at));
    files.push(file);
    at += file.length;
  }
  const directory = Buffer.concat(lines);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(lines.length, 8);
  end.writeUInt16LE(lines.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, directory, end]);
}

/** The bytes of a file in an archive of `createZip`. @throws Error when it is not there, or its sum is wrong. */
export function readZip(archive: Buffer, name: string): Buffer {
  let at = 0;
  while (archive.toString("latin1", at, at + 4) === "PK\x03\x04") {
    const from = at + 30 + archive.readUInt16LE(at + 26);
    const to = from + archive.readUInt32LE(at + 18);
    if (archive.toString("latin1", at + 30, from) === name) {
      const bytes = inflateRawSync(archive.subarray(from, to));
      if (crc32(bytes) !== archive.readUInt32LE(at + 14)) throw new Error(`Cannot read ${name}: its sum is wrong`);
      return bytes;
    }
    at = to;
  }
  throw new Error(`Cannot read ${name}: it is not in the archive`);
}
