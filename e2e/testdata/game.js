// A member who plays the demo's game by its words alone, as somebody does who does not see it: asks where the nearest light is, and steers
// there with the keys. `code` is the game as a module, and `style` that of its panel.
const KEYS = { north: "ArrowUp", south: "ArrowDown", east: "KeyD", west: "KeyA" };

export default async function ({ server, room: name, code, style, score }) {
  const { GAME, placeGame } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const { join } = await import(`${server}/sdk/beckon.js`);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
  const host = document.createElement("div");
  host.style.width = "640px";
  document.body.append(host);
  const game = placeGame(host);
  const find = (id) => host.querySelector(`[data-testid=${id}]`);
  const [box, canvas, button, status] = ["game", "game-canvas", "game-sail", "game-status"].map(find);
  const room = await join(server, name, { attributes: { name: "Ada" } });
  game.enter(room);
  const meet = async (peer) => {
    game.add(peer);
    for await (const channel of peer.channels()) if (channel.label === GAME) void game.take(peer, channel);
  };
  (async () => {
    for await (const peer of room) meet(peer).catch(() => {});
  })().catch(() => {});

  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const key = (type, code) => canvas.dispatchEvent(new KeyboardEvent(type, { code, bubbles: true, cancelable: true }));
  const fact = (name) => Number(box.dataset[name]);
  /** Everything that the page counts, of a game with one other player. */
  const facts = () => ({ ...Object.fromEntries(["tick", "told", "heard", "skipped", "old", "malformed", "foreign", "held", "score"].map((n) => [n, fact(n)])),
    other: Number(box.dataset.scores), ticks: Number(box.dataset.ticks), place: box.dataset.places, own: `${box.dataset.x},${box.dataset.y}` });

  await until(() => fact("others") === 1); // who plays is seen by who does not yet
  const watching = facts();
  button.click();
  if (document.activeElement !== canvas) throw new Error("the sea does not have the focus");
  await until(() => fact("told") > 0);
  const begin = facts();
  const held = new Set();
  while (fact("score") < score || fact("other") < 1 || fact("heard") < begin.heard + 120) {
    key("keydown", "Space");
    const [, where, , lengths] = /nearest light is ([a-z]+(-[a-z]+)?), (\d+) boat/.exec(status.textContent) ?? [];
    if (!where) throw new Error(`it says ${status.textContent}`);
    const wanted = new Set(where.split("-").map((point) => KEYS[point]));
    for (const code of held) if (!wanted.has(code)) key("keyup", code), held.delete(code);
    for (const code of wanted) key("keydown", code), held.add(code);
    await new Promise((resolve) => setTimeout(resolve, 120));
    if (Number(lengths) > 4) continue;
    // Near to it slowly: who sails fast sails in large circles.
    for (const code of held) key("keyup", code);
    held.clear();
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  for (const code of held) key("keyup", code);
  await until(() => fact("score") > 0);
  const end = facts();

  // Ashore nothing is said any more, but what the others say is seen; and one may set sail again.
  button.click();
  const ashore = facts().told;
  await until(() => fact("heard") > end.heard + 60);
  const silent = facts().told - ashore;
  button.click();
  await until(() => fact("told") > ashore + silent + 30);

  // In a tab that nobody sees the boat rests, and says that it is still there.
  const show = (hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
  show(true);
  const hidden = facts();
  await until(() => fact("heard") > hidden.heard + 90);
  const rested = { own: fact("tick") - hidden.tick, other: Number(box.dataset.ticks) - hidden.ticks };
  show(false);
  await until(() => fact("tick") > hidden.tick + 40);

  const words = find("game-packets").textContent;
  const scores = Array.from(find("game-scores").children, (item) => item.textContent);
  game.leave();
  await room.close();
  return { watching, begin, end, silent, rested, words, scores };
}
