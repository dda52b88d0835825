/** A `.tar.gz` that depends on its contents only: no time, no owner, one order. Format: POSIX ustar. */
import { gzipSync } from "node:zlib";

/** A file of an archive. */
export interface TarEntry {
  /** At most 100 ASCII characters. */
  readonly name: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
/** 2026-01-01, in seconds: some unpackers complain of 1970. */
const TIME_SECONDS = 1_767_225_600;

const toOctal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;

function toHeader({ name, mode, bytes }: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void header.write(text, at, "latin1");
  put(name, 0);
  put(toOctal(mode, 8), 100);
  put(toOctal(0, 8), 108);
  put(toOctal(0, 8), 116);
  put(toOctal(bytes.length, 12), 124);
  put(toOctal(TIME_SECONDS, 12), 136);
  // The checksum counts its own field as spaces.
  put("        ", 148);
  put("0", 156);
  put("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Packs the files in the order given. */
export function createArchive(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [
    toHeader(entry),
    entry.bytes,
    Buffer.alloc((BLOCK - (entry.bytes.length % BLOCK)) % BLOCK),
  ]);
  const packed = gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  // The header's last byte names the system that packed.
  packed[9] = 3;
  return packed;
}
