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

/** Tint a changed cell for a moment, without asking the page for its layout. */
export function tint(node) {
  if (!calm.matches && node.isConnected) node.animate([{ backgroundColor: "var(--tint)" }, { backgroundColor: "transparent" }], 300);
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
