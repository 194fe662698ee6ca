import assert from "node:assert/strict";
import { test } from "node:test";
import type { Joined, Member } from "../src/protocol_gen.js";
import { Roster, type Change } from "../src/roster.js";
import { bob, event } from "./server.js";

const cyd: Member = { peer: "cyd", instance: "00000000000000c3", joined: 2 };

const joined = (position: number, members: Member[], more: Partial<Joined> = {}): Joined => {
  return { type: "joined", room: "tea", epoch: "00000000000000e1", position, stable: 0, topology: "mesh", members, ...more };
};

const brief = (changes: Change[]) => changes.map((c) => ("member" in c ? `${c.kind} ${c.member.peer}` : c.kind));

test("a snapshot tells who is here, the next one what is different", () => {
  const roster = new Roster();
  assert.deepEqual(brief(roster.snapshot(joined(5, [bob, cyd]))), ["joined bob", "joined cyd"]);
  const changed = [{ ...bob, attributes: { name: "B" } }, { ...cyd, away: true }];
  assert.deepEqual(brief(roster.snapshot(joined(9, changed, { gap: true }))), ["gap", "updated bob", "away cyd"]);
  assert.deepEqual(brief(roster.snapshot(joined(11, [cyd]))), ["left bob", "back cyd"]);
  assert.equal(roster.position, 11);
});

test("a new instance under an old id is another member", () => {
  const roster = new Roster();
  roster.snapshot(joined(5, [bob, cyd]));
  const reloaded = { ...bob, instance: "00000000000000b3" };
  assert.deepEqual(brief(roster.snapshot(joined(6, [reloaded, cyd]))), ["left bob", "joined bob"]);
  assert.deepEqual(brief(roster.apply(event(7, "back", "bob", { member: bob }))), ["left bob", "joined bob"]);
});

test("entries change it once, and in order", () => {
  const roster = new Roster();
  roster.snapshot(joined(5, [bob]));
  assert.deepEqual(roster.apply(event(5, "joined", "cyd", { member: cyd })), [], "part of the snapshot");
  assert.deepEqual(brief(roster.apply(event(6, "joined", "cyd", { member: cyd }))), ["joined cyd"]);
  assert.deepEqual(roster.apply(event(6, "joined", "cyd", { member: cyd })), [], "a double");
  assert.deepEqual(brief(roster.apply(event(7, "away", "bob"))), ["away bob"]);
  assert.equal(roster.members.get("bob")?.away, true);
  assert.deepEqual(brief(roster.apply(event(8, "back", "bob", { member: bob }))), ["back bob"]);
  assert.deepEqual(brief(roster.apply(event(9, "updated", "bob", { attributes: { x: 1 } }))), ["updated bob"]);
  assert.deepEqual(roster.members.get("bob")?.attributes, { x: 1 });
  assert.deepEqual(roster.apply(event(10, "left", "bob", { reason: "bye" })), [
    { kind: "left", member: { ...bob, attributes: { x: 1 } }, reason: "bye" },
  ]);
  assert.deepEqual([...roster.members.keys()], ["cyd"]);
});

test("entries about strangers and of later kinds change nothing but the position", () => {
  const roster = new Roster();
  roster.snapshot(joined(5, [bob]));
  for (const kind of ["away", "updated", "left", "danced" as "away"] as const) {
    assert.deepEqual(roster.apply(event(roster.position + 1, kind, "zoe")), []);
  }
  assert.equal(roster.position, 9);
});

test("a replay keeps the members", () => {
  const roster = new Roster();
  roster.snapshot(joined(5, [bob]));
  const { members: _, ...replay } = joined(5, [], { replay: true });
  assert.deepEqual(roster.snapshot(replay), []);
  assert.equal(roster.members.size, 1);
});
