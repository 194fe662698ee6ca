import assert from "node:assert/strict";
import { test } from "node:test";
import { Follow } from "../src/follow.js";

/** An element that scrolls, as a browser has it: it keeps scrollTop possible. */
class List {
  #top = 0;
  #height = 0;
  #shown = 0;

  constructor(height: number, shown: number) {
    this.#height = height;
    this.#shown = shown;
  }

  get scrollTop(): number {
    return this.#top;
  }
  set scrollTop(top: number) {
    this.#top = Math.max(0, Math.min(top, this.#height - this.#shown));
  }
  get scrollHeight(): number {
    return Math.max(this.#height, this.#shown);
  }
  get clientHeight(): number {
    return this.#shown;
  }

  grow(by: number): void {
    this.#height += by;
  }
  resize(shown: number): void {
    this.#shown = shown;
    this.scrollTop = this.#top;
  }
  get fromEnd(): number {
    return this.scrollHeight - this.#top - this.#shown;
  }
}

function followed(): { list: List; follow: Follow } {
  const list = new List(1000, 300);
  const follow = new Follow(list);
  follow.toEnd();
  follow.scrolled();
  return { list, follow };
}

test("what is added stays in view, also in a list that becomes smaller", () => {
  const { list, follow } = followed();
  list.grow(200);
  follow.keep();
  assert.equal(list.fromEnd, 0);
  list.resize(100);
  follow.scrolled(); // the event of the scrolling before comes only now
  follow.keep();
  assert.equal(list.fromEnd, 0);
  list.resize(600);
  follow.scrolled();
  list.resize(200);
  follow.keep();
  assert.equal(list.fromEnd, 0);
});

test("who has scrolled up is left there, until they come back or say something", () => {
  const { list, follow } = followed();
  list.scrollTop = 100;
  follow.scrolled();
  list.grow(50);
  follow.keep();
  list.resize(200);
  follow.keep();
  assert.equal(list.scrollTop, 100);
  list.scrollTop = 790; // near the end
  follow.scrolled();
  list.grow(50);
  follow.keep();
  assert.equal(list.fromEnd, 0);
  list.scrollTop = 100;
  follow.scrolled();
  follow.toEnd();
  list.grow(50);
  follow.keep();
  assert.equal(list.fromEnd, 0);
});
