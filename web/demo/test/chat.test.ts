import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatLog } from "../src/chat/log.js";
import { type Line, MAX_TEXT, order, parseHistory, parseSaid, TOLD } from "../src/chat/wire.js";

/** Everybody is in the room, unless a test says otherwise. */
const here = () => true;

/** What goes over the wire of a line. */
const wire = ({ author, n, clock, at, text }: Line): string => JSON.stringify({ author, n, clock, at, text });

/** What a log's owner answers to who asks for the history. */
const answer = (log: ChatLog): string => JSON.stringify({ authors: log.authors, lines: log.last });

/** Has a log hear what an instance says. */
function hear(log: ChatLog, message: string, instance: string, name = instance) {
  const said = parseSaid(message, log.clock);
  assert.ok(said, message);
  return log.hear(said, instance, `peer of ${instance}`, name);
}

/** Has a log read what an instance tells. */
function told(log: ChatLog, text: string, instance: string, teller = instance): number {
  const { authors, lines } = parseHistory(text, log.clock);
  return lines.filter((line) => log.told(line, instance, authors, teller)).length;
}

const texts = (log: ChatLog) => log.last.map(({ text }) => text);

test("an answer stands below what it answers, whatever the clocks on the walls say, and everywhere alike", () => {
  const ada = new ChatLog("ada", here);
  const bob = new ChatLog("bob", here);
  hear(bob, wire(ada.say("question", 2e12, "a", "Ada")), "a");
  hear(ada, wire(bob.say("answer", 1e12, "b", "Bob")), "b");
  // Both at the same time: the authors decide.
  const [left, right] = [ada.say("left", 3, "a", "Ada"), bob.say("right", 2, "b", "Bob")];
  hear(bob, wire(left), "a");
  hear(ada, wire(right), "b");
  assert.deepEqual(texts(ada), ["question", "answer", "left", "right"]);
  assert.deepEqual(texts(bob), texts(ada));
});

test("who comes later is told what was said, by several and also of who has left, each line once", () => {
  const [ada, bob, cleo] = [new ChatLog("ada", here), new ChatLog("bob", here), new ChatLog("cleo", here)];
  hear(bob, wire(ada.say("one", 1, "a", "Ada")), "a");
  hear(ada, wire(bob.say("two", 2, "b", "Bob")), "b");
  assert.equal(told(cleo, answer(ada), "a"), 2);
  assert.equal(told(cleo, answer(bob), "b"), 1, "what Bob said, from himself");
  assert.equal(told(cleo, answer(bob), "b"), 0);
  assert.deepEqual(texts(cleo), ["one", "two"]);
  assert.equal(hear(cleo, wire(bob.last[1]!), "b"), undefined, "what it said is known");
  const dan = new ChatLog("dan", here);
  assert.equal(told(dan, answer(cleo), "c"), 2, "Ada and Bob have left");
  assert.deepEqual(texts(dan), texts(cleo));
  assert.deepEqual(dan.last.map(({ by }) => by), ["c", "c"]);
  assert.equal(cleo.say("three", 3, "c", "Cleo").clock, 3, "later than all that was told");
});

test("what others say that somebody said gives way to what that one says", () => {
  const [bob, cleo] = [new ChatLog("bob", here), new ChatLog("cleo", here)];
  const line = bob.say("I never said that", 1, "b", "Bob");
  told(cleo, JSON.stringify({ authors: ["liar"], lines: [{ ...line, text: "I did it" }] }), "l");
  assert.deepEqual(texts(cleo), ["I did it"]);
  assert.equal(told(cleo, answer(bob), "b"), 1);
  assert.deepEqual(texts(cleo), ["I never said that"]);
  assert.equal(told(cleo, JSON.stringify({ authors: ["liar"], lines: [{ ...line, text: "I did it" }] }), "l"), 0);
  const again = JSON.stringify({ authors: ["bob"], lines: [{ ...line, text: "I did it" }] });
  assert.equal(told(cleo, again, "l"), 0, "nor by saying that it is Bob, who is here");
});

test("what is told in another's name says by whom, whatever the teller calls itself, and still does when the page was reloaded", () => {
  const bob = new ChatLog("bob", here);
  const line = { author: "ada", n: 1, clock: 1, at: 0, text: "I owe Mallory", peer: "a", name: "Ada" };
  const by = (log: ChatLog) => log.last.map((said) => said.by);
  told(bob, JSON.stringify({ authors: [], lines: [line] }), "m", "Mallory");
  // Neither an author that nobody has yet, nor one that the teller says is its own, makes it Ada.
  told(bob, JSON.stringify({ authors: ["x"], lines: [{ ...line, author: "x", n: 2 }] }), "m", "Mallory");
  told(bob, JSON.stringify({ authors: ["y"], lines: [{ ...line, author: "y", n: 3, name: "Mallory", by: "Ada" }] }), "m", "Mallory");
  assert.deepEqual(by(bob), ["Mallory", "Mallory", undefined]);
  const after = new ChatLog("bob again", here, bob.authors);
  after.restore(parseHistory(answer(bob), 0).lines);
  assert.deepEqual(by(after), ["Mallory", "Mallory", undefined]);
  hear(after, JSON.stringify({ ...line, text: "I owe nobody" }), "a", "Ada");
  assert.deepEqual(after.last.map(({ text, by }) => [text, by])[0], ["I owe nobody", undefined], "Ada herself is believed");
});

test("nobody says what another is about to say, and an echo is the echo's own", () => {
  const ada = new ChatLog("ada", here);
  const bob = new ChatLog("bob", here);
  const echoed = hear(ada, wire(ada.say("hello", 1, "a", "Ada")), "bot", "echo bot");
  assert.deepEqual([echoed?.line.author, echoed?.line.name, echoed?.new, echoed?.line.clock], ["bot", "echo bot", true, 2]);
  hear(ada, wire(bob.say("one", 1, "b", "Bob")), "b");
  hear(ada, JSON.stringify({ author: "bob", n: 2, clock: 5, at: 0, text: "forged" }), "mallory");
  assert.ok(hear(ada, wire(bob.say("two", 1, "b", "Bob")), "b"), "Bob's second line is heard");
  assert.deepEqual(ada.last.filter(({ text }) => text === "forged").map(({ author }) => author), ["mallory"]);
  assert.equal(told(ada, JSON.stringify({ authors: [], lines: [{ author: "ada", n: 9, clock: 9, at: 0, text: "mine?", peer: "a", name: "Ada" }] }), "b"), 0);
});

test("a page that is reloaded is another author, and keeps what it said before", () => {
  const before = new ChatLog("first", here);
  before.say("before", 1, "a", "Ada");
  const after = new ChatLog("second", here, before.authors);
  assert.equal(after.restore(before.last).length, 1);
  const line = after.say("after", 2, "a", "Ada");
  assert.deepEqual(texts(after), ["before", "after"]);
  assert.ok(after.isOwn(after.last[0]!) && after.isOwn(line));
  const bob = new ChatLog("bob", here);
  assert.equal(told(bob, answer(after), "a"), 2);
});

test("of a long chat the last lines are told, and what is older than all that is kept is not taken", () => {
  const ada = new ChatLog("ada", here);
  for (let i = 1; i <= 1200; i++) ada.say(`line ${i}`, i, "a", "Ada");
  assert.equal(ada.last.length, TOLD);
  assert.equal(ada.last[TOLD - 1]!.text, "line 1200");
  const old = { author: "bob", n: 1, clock: 1, at: 0, text: "old", peer: "b", name: "Bob" };
  assert.equal(told(ada, JSON.stringify({ authors: ["bob"], lines: [old] }), "b"), 0);
});

test("what is no line is not taken", () => {
  const good = { author: "ada", n: 1, clock: 1, at: 0, text: "hello" };
  assert.ok(parseSaid(JSON.stringify(good), 0));
  for (const bad of [
    "hello", "null", "[]", "{}",
    JSON.stringify({ ...good, author: "a b" }), JSON.stringify({ ...good, author: "a".repeat(65) }), JSON.stringify({ ...good, n: 0 }),
    JSON.stringify({ ...good, n: 1.5 }), JSON.stringify({ ...good, clock: 2e9 }), JSON.stringify({ ...good, clock: -1 }), JSON.stringify({ ...good, text: "" }),
    JSON.stringify({ ...good, text: 7 }),
  ]) {
    assert.equal(parseSaid(bad, 0), undefined, bad);
  }
  assert.equal(parseSaid(JSON.stringify({ ...good, text: "x".repeat(MAX_TEXT + 5) }), 0)?.text, `${"x".repeat(MAX_TEXT)}…`);
  assert.equal(parseSaid(JSON.stringify({ ...good, at: 1e300 }), 0)?.at, 0);
  assert.deepEqual(parseHistory('{"authors": [1, "a"], "lines": [3, {"author": "a"}]}', 0), { authors: ["a"], lines: [] });
  assert.deepEqual(parseHistory("", 0), { authors: [], lines: [] });
  const many = Array.from({ length: 300 }, (_, i) => ({ ...good, n: i + 1, peer: "a", name: "Ada" }));
  assert.equal(parseHistory(JSON.stringify({ lines: many }), 0).lines.length, TOLD);
});

test("the order is one", () => {
  const line = (clock: number, author: string, n: number) => ({ author, n, clock, at: 0, text: "" });
  const sorted = [line(1, "b", 9), line(2, "a", 1), line(2, "b", 1), line(2, "b", 2), line(10, "a", 2)];
  assert.deepEqual([...sorted].reverse().sort(order), sorted);
});
