// Says what has the focus, and whether that can be seen: WCAG 2.2, 2.4.7 and 2.4.11.
(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return { name: "" };
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: element.dataset.testid || element.id || element.localName,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
  };
})()
