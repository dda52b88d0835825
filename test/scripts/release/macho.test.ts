/** Signing of macOS executables, on a small image made here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { signMachO, verifyMachO } from "../../../scripts/release/macho.ts";

const CODE = 20_000;
const TEXT_BYTES = 0x4000;

function toSegment(name: string, [offset, size]: readonly [number, number], sections: readonly number[]): Buffer {
  const segment = Buffer.alloc(72 + 80 * sections.length);
  segment.writeUInt32LE(0x19, 0);
  segment.writeUInt32LE(segment.length, 4);
  segment.write(name, 8, "latin1");
  segment.writeBigUInt64LE(BigInt(size), 32);
  segment.writeBigUInt64LE(BigInt(offset), 40);
  segment.writeBigUInt64LE(BigInt(size), 48);
  segment.writeUInt32LE(sections.length, 64);
  sections.forEach((at, index) => segment.writeUInt32LE(at, 72 + 80 * index + 48));
  return segment;
}

/** A header, __TEXT with one section, __LINKEDIT to the end of the file, and bytes that differ from page to page. */
function createImage({ firstSection = 0x1000 } = {}): Buffer {
  const commands = [
    toSegment("__TEXT", [0, TEXT_BYTES], [firstSection]),
    toSegment("__LINKEDIT", [TEXT_BYTES, CODE - TEXT_BYTES], []),
  ];
  const image = Buffer.from(Array.from({ length: CODE }, (_, index) => (index * 31 + (index >> 12)) & 0xff));
  image.fill(0, 0, firstSection);
  [0xfeedfacf, 0x0100000c, 0, 2, commands.length, Buffer.concat(commands).length, 0, 0].forEach((value, index) =>
    image.writeUInt32LE(value, 4 * index),
  );
  Buffer.concat(commands).copy(image, 32);
  return image;
}

test("a signed image verifies, ad hoc, under its name, every page of it", () => {
  const signed = signMachO(createImage(), "my-program");
  assert.deepEqual(verifyMachO(signed), { identifier: "my-program", isAdhoc: true, pages: 5 });
  // Beyond the load commands, what was there stays.
  assert.deepEqual(signed.subarray(0x1000, CODE), createImage().subarray(0x1000));
});

test("signing is repeatable, and replaces a signature", () => {
  const signed = signMachO(createImage(), "a");
  assert.deepEqual(signMachO(createImage(), "a"), signed);
  assert.deepEqual(signMachO(signed, "a"), signed);
  assert.equal(verifyMachO(signMachO(signed, "another-name")).identifier, "another-name");
});

test("one changed bit on any page, or in the hashes, is found", () => {
  const signed = signMachO(createImage(), "my-program");
  const offset = signed.length - verifyMachO(signed).pages * 32;
  for (const at of [40, 5000, 9000, 13_000, CODE - 1, offset]) {
    const changed = Buffer.from(signed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => verifyMachO(changed), /Cannot verify Mach-O|Cannot read Mach-O/, `byte ${at}`);
  }
});

test("what is not signed, not thin, cut short or without room is refused", () => {
  assert.throws(() => verifyMachO(createImage()), /it is not signed/);
  assert.throws(
    () => signMachO(Buffer.from("cafebabe00000002".padEnd(200, "0"), "hex"), "x"),
    /not a thin 64-bit image/,
  );
  assert.throws(() => signMachO(createImage({ firstSection: 264 }), "x"), /no room for a load command/);
  assert.throws(
    () => signMachO(Buffer.concat([createImage(), Buffer.from("tail")]), "x"),
    /__LINKEDIT does not end the file/,
  );
  assert.throws(
    () => verifyMachO(Buffer.concat([signMachO(createImage(), "x"), Buffer.from("tail")])),
    /does not end the file/,
  );
});
