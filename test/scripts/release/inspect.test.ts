/** The static checks of an executable, each seen to fail. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NtExecutable } from "resedit";
import { inspect, LIMIT_BYTES } from "../../../scripts/release/inspect.ts";
import { brandPe, readPe } from "../../../scripts/release/pe.ts";

const bundle = Buffer.from("the bundle");
/** From the header to the directory of certificates: 24 bytes, 112 of the optional header, four directories. */
const SECURITY_AT = 24 + 112 + 4 * 8;
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";

function createElf(machine: number, text: string): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.writeUInt16LE(machine, 18);
  return Buffer.concat([header, Buffer.from(text)]);
}

const IDENTITY = { name: "x", version: "1.2.3", description: "A thing", copyright: "Nobody" };

function createPe(machine: number, text: string, identity = IDENTITY): Buffer {
  const empty = Buffer.from(NtExecutable.createEmpty(false, false).generate());
  empty.writeUInt16LE(machine, empty.readUInt32LE(60) + 4);
  return Buffer.concat([brandPe(empty, identity), Buffer.from(text)]);
}

const look = (target: string, image: Buffer): string[] =>
  inspect(target, image, { name: "x", version: "1.2.3", bundle });

test("a sound executable has no fault", () => {
  assert.deepEqual(look("linux-x64", createElf(62, `${FUSE}1 the bundle`)), []);
  assert.deepEqual(look("linux-arm64", createElf(183, `${FUSE}1 the bundle`)), []);
  assert.deepEqual(look("win-arm64", createPe(0xaa64, `${FUSE}1 the bundle`)), []);
});

test("each fault is named", () => {
  assert.deepEqual(look("linux-x64", createPe(0x8664, "")), ["it is not ELF"]);
  assert.deepEqual(look("win-x64", createElf(62, "")), ["it is not PE"]);
  assert.deepEqual(look("beos-x64", createElf(62, "")), ["it is not of a known format"]);
  assert.deepEqual(look("linux-x64", createElf(183, `${FUSE}1 the bundle`)), ["it is not for x64"]);
  assert.deepEqual(look("linux-x64", createElf(62, "the bundle")), ["it has no fuse"]);
  assert.deepEqual(look("linux-x64", createElf(62, `${FUSE}0 the bundle`)), ["its fuse is not set"]);
  assert.deepEqual(look("linux-x64", createElf(62, `${FUSE}1 ${FUSE}1 the bundle`)), ["it has two fuses"]);
  assert.deepEqual(look("linux-x64", createElf(62, `${FUSE}1`)), ["the bundle is not in it"]);
  const other = { ...IDENTITY, name: "node", version: "22.0.0" };
  assert.deepEqual(look("win-x64", createPe(0x8664, `${FUSE}1 the bundle`, other)), [
    "it is named node",
    "it is of version 22.0.0",
  ]);
  const signed = createPe(0x8664, `${FUSE}1 the bundle`);
  signed.writeUInt32LE(1000, signed.readUInt32LE(60) + SECURITY_AT);
  signed.writeUInt32LE(8, signed.readUInt32LE(60) + SECURITY_AT + 4);
  assert.deepEqual(look("win-x64", signed), ["it has certificates over changed bytes"]);
  assert.equal(readPe(brandPe(signed, IDENTITY)).isSigned, false);
  const large = Buffer.concat([createElf(62, `${FUSE}1 the bundle`), Buffer.alloc(LIMIT_BYTES)]);
  assert.match(look("linux-x64", large)[0] ?? "", /more than 140000000/);
});
