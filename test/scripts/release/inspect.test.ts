/** The static checks of an executable, each seen to fail. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, LIMIT_BYTES } from "../../../scripts/release/inspect.ts";

const bundle = Buffer.from("the bundle");
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";

function createElf(machine: number, text: string): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.writeUInt16LE(machine, 18);
  return Buffer.concat([header, Buffer.from(text)]);
}

function createPe(machine: number, text: string): Buffer {
  const header = Buffer.alloc(96);
  header.write("MZ", 0);
  header.writeUInt32LE(64, 60);
  header.write("PE\0\0", 64, "latin1");
  header.writeUInt16LE(machine, 68);
  return Buffer.concat([header, Buffer.from(text)]);
}

const look = (target: string, image: Buffer): string[] => inspect(target, image, { name: "x", bundle });

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
  const large = Buffer.concat([createElf(62, `${FUSE}1 the bundle`), Buffer.alloc(LIMIT_BYTES)]);
  assert.match(look("linux-x64", large)[0] ?? "", /more than 140000000/);
});
