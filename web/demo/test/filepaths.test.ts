import assert from "node:assert/strict";
import { test } from "node:test";
import offers from "../../../files/testdata/offers.json";
import folds from "../../../files/testdata/folds.json";
import paths from "../../../files/testdata/paths.json";
import { fold } from "../src/files/fold.js";
import { faultOf, firstFault } from "../src/files/path.js";
import { blockSize, checkOffer, FileError } from "../src/files/wire.js";

test("paths are refused by the names that Go has for it", () => {
  for (const { path, why } of paths) assert.equal(faultOf(path) ?? "", why, JSON.stringify(path));
});

test("names are alike that are alike in Go", () => {
  for (const { a, b, same } of folds) assert.equal(fold(a) === fold(b), same, `${a} and ${b}`);
});

test("an offer makes as many folders as may be, and no more, whether it names them or not", () => {
  const deep = Array.from({ length: 158 }, (_, i) => ({ path: `${`${i}/`.repeat(63)}file` }));
  const empty = Array.from({ length: 10_000 - 158 * 63 }, (_, i) => ({ path: `empty${i}`, folder: true }));
  assert.equal(firstFault([...deep, ...empty]), undefined);
  for (const more of [{ path: "one more", folder: true }, { path: "one/more" }]) {
    assert.deepEqual(firstFault([...deep, ...empty, more]), { path: more.path, fault: "too-many-folders" });
  }
});

test("offers are refused as in Go", () => {
  for (const { name, size, entries, why } of offers) {
    const check = () => checkOffer({ id: "0123456789abcdef", name, size, entries });
    if (why === "") {
      assert.equal(check().entries.length, entries.length, name);
      continue;
    }
    assert.throws(check, (error) => {
      assert.ok(error instanceof FileError, name);
      assert.equal(error.code, "bad-offer");
      if (why !== "bad-offer") assert.match(error.message, new RegExp(`^bad-path: ${why}: `), name);
      return true;
    });
  }
});

test("offers without an id, a name or a shape are refused", () => {
  const good = { id: "0123456789abcdef", name: "a", size: 1, entries: [{ path: "a", size: 1 }] };
  assert.equal(checkOffer(good).name, "a");
  for (const bad of [{ id: "0123456789ABCDEF" }, { id: 1 }, { name: "" }, { name: "a".repeat(1025) }, { entries: {} }, { entries: [null] }, { entries: [{ path: "a", size: 1, folder: 1 }] }]) {
    assert.throws(() => checkOffer({ ...good, ...bad }), FileError, JSON.stringify(bad));
  }
  for (const bad of [undefined, null, 1, "offer", []]) assert.throws(() => checkOffer(bad), FileError);
  const many = Array.from({ length: 10_001 }, (_, i) => ({ path: `${i}`, size: 0 }));
  assert.throws(() => checkOffer({ ...good, size: 0, entries: many }), /more than 10000/);
});

test("a block is a 512th of its file, in bounds", () => {
  const mib = 1024 * 1024;
  for (const [size, want] of [[0, 16384], [1, 16384], [8 * mib, 16384], [8 * mib + 1, 32768], [100 * mib, 262144], [2048 * mib, 4 * mib], [2 ** 50, 4 * mib]] as const) {
    assert.equal(blockSize(size), want, `${size} bytes`);
  }
});
