// Small hands for the page: every text goes in as text, never as markup.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set a node's text only when it differs; returns whether it did. */
export function say(node, text) {
  if (node.textContent === text) return false;
  node.textContent = text;
  return true;
}

/** Set an attribute only when it differs; null takes it away. */
export function mark(node, name, value) {
  if (value === null || value === undefined || value === "") {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");

const TINT_MS = 300;
const changed = new WeakMap(); // when a cell changed last

/** Tint a changed cell for a moment; one that changes without rest says nothing by it, and costs a frame each 16 ms. */
export function tint(node) {
  const now = performance.now();
  const rested = now - (changed.get(node) ?? -Infinity) > TINT_MS;
  changed.set(node, now);
  if (rested && !calm.matches && node.isConnected) node.animate([{ backgroundColor: "var(--tint)" }, { backgroundColor: "transparent" }], TINT_MS);
}

/** Make `parent`'s children match `items` by key, moving and touching as few nodes as can be. */
export function keyed(parent, items, key, create, update) {
  const known = new Map();
  for (const child of parent.children) known.set(child.dataset.key, child);
  let before = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = known.get(name);
    const fresh = node === undefined;
    if (fresh) {
      node = create(item);
      node.dataset.key = name;
    }
    known.delete(name);
    update(node, item, fresh);
    if (node === before) before = before.nextElementSibling;
    else parent.insertBefore(node, before);
  }
  for (const gone of known.values()) gone.remove();
}

const DRAG_PX = 4;

/** `run(target)` on each click within `node` that is no end of marking words with the pointer. */
export function clicked(node, run) {
  let from = { x: 0, y: 0 };
  node.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => { from = { x, y }; });
  node.addEventListener("click", ({ target, clientX: x, clientY: y, detail }) => {
    if (!detail || Math.hypot(x - from.x, y - from.y) < DRAG_PX) run(target); // detail 0: by the keyboard
  });
}

const ROW_PX = 20; // no row is lower
const STEP = 16; // rows drawn beyond the view, and added each time the end of those comes near

/**
 * A list with the newest on top, drawn no further than it is read: `show(most)` draws that many of its rows into
 * `parent` and returns how many there are. Returns what draws it anew; what is being read stays where it is.
 */
export function newest(scroll, parent, show) {
  let first = STEP; // rows drawn while nobody has scrolled
  let most = first;
  let count = 0;
  let top = 0; // kept here: to ask for it is to ask for a layout
  const draw = () => {
    const read = top > 0 ? [...parent.children].find((row) => row.offsetTop + row.offsetHeight > top) : undefined;
    const before = read?.offsetTop;
    count = show(most);
    if (!read?.isConnected) return;
    scroll.scrollTop = top + read.offsetTop - before;
    top = scroll.scrollTop; // its event comes with the next frame, and the next rows may come before that
  };
  scroll.addEventListener("scroll", () => {
    top = scroll.scrollTop;
    const end = scroll.scrollHeight - top - scroll.clientHeight;
    if (top === 0 && most > first) most = first;
    else if (end < scroll.clientHeight && most < count) most += STEP;
    else return;
    draw();
  }, { passive: true });
  new ResizeObserver(([{ contentRect: { height } }]) => { // tells the height without a layout of its own
    first = Math.ceil(height / ROW_PX) + STEP;
    if (most >= first) return;
    most = first;
    if (count) draw();
  }).observe(scroll);
  return draw;
}
