// A list to choose from, in its groups.

import { h } from "./dom.js";

const SHORT = /^(sample:|tradekit\.strategy\.library:)/; // said by the group already

export function choices(select, rows, value) {
  const groups = new Map();
  for (const { name, group } of rows) {
    if (!groups.has(group)) groups.set(group, h("optgroup", { label: group }));
    groups.get(group).append(h("option", { value: name }, name.replace(SHORT, "")));
  }
  select.replaceChildren(...groups.values());
  select.value = value;
}
