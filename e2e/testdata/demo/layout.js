// Lists what makes the page wider than the window, and what is too small to be hit: WCAG 2.2, 1.4.10 and 2.5.8, level AA.
(() => {
  const found = [];
  const all = document.documentElement;
  if (all.scrollWidth > innerWidth) found.push(`the page is ${all.scrollWidth} wide in ${innerWidth}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility() || element.closest(".hidden, svg, .skip")) continue;
    const box = element.getBoundingClientRect();
    const name = `${element.localName}#${element.id}.${element.className}`;
    if (box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5) && !element.closest("pre")) found.push(`${name} is from ${box.left} to ${box.right}`);
    if (element.matches("button, input, select, textarea, a") && Math.min(box.width, box.height) < 24 && !element.matches(".privacy-chip")) {
      found.push(`${name} is ${Math.round(box.width)} by ${Math.round(box.height)}`);
    }
  }
  return found;
})()
