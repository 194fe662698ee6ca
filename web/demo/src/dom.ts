// Making elements. Text goes in as text nodes only: nothing in this page parses HTML, so nothing that a peer says can
// become markup (the page's policy, `require-trusted-types-for 'script'`, would stop it as well).

type Child = Node | string;

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. Attributes are set as written; those that are `undefined` or `false` are left out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an SVG element, as `el` does for HTML. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | undefined> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<E extends Element>(
  element: E,
  attributes: Record<string, string | number | boolean | undefined>,
  children: Child[],
): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Finds an element of index.html. That it is there is a fact of this program, so its absence is a bug. */
export function find<E extends Element = HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  if (!found) throw new Error(`demo: no ${selector} in the page`);
  return found;
}

/** Sets text only if it differs, so that screen readers and selections are left alone by a refresh. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute only if it differs, for the same reason; `undefined` removes it. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
