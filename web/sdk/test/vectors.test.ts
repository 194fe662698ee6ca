import assert from "node:assert/strict";
import { test } from "node:test";
import decide from "../../../signaling/protocol/testdata/decide.json";
import frames from "../../../signaling/protocol/testdata/frames.json";
import { meshed, offers, reconnect, validInstance, validRoom, type Offerer } from "../src/decide.js";
import { decode, encode, parse } from "../src/frames.js";
import type { Topology } from "../src/protocol_gen.js";

test("good frames are read, and written again to the same bytes", () => {
  assert.ok(frames.good.length > 30);
  for (const { name, direction, type, frame } of frames.good) {
    const read = direction === "server" ? decode(frame) : parse(frame);
    assert.equal(read.type, type, name);
    assert.equal(encode(read), frame, name);
  }
});

test("malformed frames are refused by name", () => {
  const ours = frames.malformed.filter((vector) => !("server" in vector));
  assert.ok(ours.length > 10);
  for (const { name, frame, error } of ours) {
    assert.throws(() => decode(frame), { name: "BeckonError", code: error }, name);
  }
});

test("server frames that lack what this library relies on are refused", () => {
  const signal = '"room":"tea","from":"bob","fromInstance":"00000000000000b2","to":"ada","toInstance":"00000000000000a1","n":1';
  decode(`{"type":"signal",${signal},"data":null}`);
  for (const frame of [
    `{"type":"signal",${signal}}`,
    `{"type":"signal",${signal.replace('"n":1', '"n":0')},"data":1}`,
    `{"type":"signal",${signal.replace('"n":1', '"n":1.5')},"data":1}`,
    `{"type":"receipt",${signal.replace("00000000000000b2", "B2")}}`,
    '{"type":"welcome","version":"beckon.v1"}',
    '{"type":"event","room":"tea","kind":"joined","position":1,"stable":0,"peer":"bob"}',
    '{"type":"event","room":"tea","kind":"away","position":0,"stable":0,"peer":"bob"}',
    '{"type":"event","room":"a b","kind":"away","position":1,"stable":0,"peer":"bob"}',
    '{"type":"joined","room":"tea","epoch":"1","position":1,"stable":0,"topology":"mesh"}',
    '{"type":"ice","iceServers":[{"urls":"stun:x"}]}',
    '{"type":"error","code":"busy"}',
    '{"type":"bye"}',
  ]) {
    assert.throws(() => decode(frame), { code: "bad-frame" }, frame);
  }
});

test("a name that objects inherit is not a type", () => {
  assert.throws(() => decode('{"type":"toString"}'), { code: "unknown-type" });
});

test("who offers", () => {
  for (const { name, a, b, aOffers } of decide.offers as { name: string; a: Offerer; b: Offerer; aOffers: boolean }[]) {
    assert.equal(offers(a, b), aOffers, name);
    assert.equal(offers(b, a), !aOffers, `${name}, the other way round`);
  }
});

test("who connects", () => {
  for (const { name, topology, limit, members, a, b, connects: want } of decide.connects) {
    const all = meshed(topology as Topology, limit, members);
    assert.equal(a !== b && all.has(a) && all.has(b), want, name);
  }
});

test("what may name a room", () => {
  for (const { name, valid } of decide.rooms) assert.equal(validRoom(name), valid, JSON.stringify(name));
});

test("after which close codes to connect again", () => {
  for (const row of decide.closes) assert.equal(reconnect(row.code), row.reconnect, String(row.code));
});

test("what an instance looks like", () => {
  assert.ok(validInstance("0123456789abcdef"));
  for (const text of ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef0", "0123456789abcdef\n"]) {
    assert.ok(!validInstance(text), JSON.stringify(text));
  }
});
