// What a reader without sight, mouse or colours would miss, as sentences; empty if nothing.
(() => {
  const wrong = [];
  const shown = (element) => element.checkVisibility();
  const say = (element, what) => {
    const text = element.outerHTML.slice(0, 120).replace(/\s+/g, " ");
    wrong.push(`${what}: ${text}`);
  };
  const nameOf = (element) =>
    (
      element.getAttribute("aria-label") ||
      [...(element.labels ?? [])].map((label) => label.textContent).join(" ") ||
      element.textContent ||
      element.getAttribute("title") ||
      ""
    ).trim();

  for (const landmark of ["header", "nav#menu", "main", "h1"]) {
    if (document.querySelectorAll(landmark).length !== 1) wrong.push(`not one ${landmark}`);
  }
  if (!document.documentElement.lang) wrong.push("the page has no language");

  for (const field of document.querySelectorAll("button, a[href], input, select")) {
    if (shown(field) && !nameOf(field)) say(field, "has no name");
  }
  for (const picture of document.querySelectorAll("[role=img], [role=region]")) {
    if (shown(picture) && !picture.getAttribute("aria-label")) say(picture, "says nothing");
  }
  for (const table of document.querySelectorAll("table")) {
    if ([...table.querySelectorAll("thead th")].some((head) => head.scope !== "col")) {
      say(table, "has a heading without a scope");
    }
  }
  for (const element of document.querySelectorAll("[tabindex]")) {
    if (element.tabIndex > 0) say(element, "changes the order of the keyboard");
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) {
    // Each picture brings the same pattern.
    if (id !== "hatch" && ids.indexOf(id) !== ids.lastIndexOf(id))
      wrong.push(`two things are #${id}`);
  }
  let level = 1;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(heading, `skips from level ${level} to ${own}`);
    level = own;
  }

  // Contrast as WCAG 2 defines it: 4.5 for text, 3 for large text.
  const part = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (
      !node.textContent.trim() ||
      !shown(element) ||
      element.closest(".hatch, .sr, defs, title")
    ) {
      continue;
    }
    const style = getComputedStyle(element);
    const ink = numbers(element instanceof SVGElement ? style.fill : style.color);
    const [bright, dark] = [light(ink), light(behind(element))].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) say(element, `contrast is ${ratio.toFixed(2)}`);
  }
  return [...new Set(wrong)];
})();
