// What is under way: how far it is, how long it still takes, a button that ends it at once; and what waits for it.

import { h, keyed, mark, say } from "./dom.js";
import { age, number } from "./words.js";

export function work(pane, ask) {
  const name = h("b", {});
  const far = h("span", { class: "muted" });
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": "progress", "aria-valuemin": "0", "aria-valuemax": "100" }, h("div", {}));
  const cancel = h("button", { type: "button", class: "cancel" }, "Cancel");
  const now = h("div", { class: "now", hidden: true }, h("div", { class: "words" }, name, far), bar, cancel);
  const queue = h("ul", { class: "queue", "aria-label": "waiting runs", hidden: true });
  const node = h("section", { class: "work", "aria-label": "under way" }, now, queue);
  let run = 0;
  let begun = { at: 0, done: 0, phase: "" };
  cancel.addEventListener("click", () => {
    cancel.disabled = true;
    ask("cancel", { run });
  });

  const left = ({ phase, done, total }) => {
    const at = performance.now();
    if (phase !== begun.phase || done < begun.done) begun = { at, done, phase };
    const spent = (at - begun.at) / 1000;
    if (spent < 1 || done <= begun.done || done >= total) return "";
    return `, ${age(((total - done) * spent) / (done - begun.done))} left`;
  };
  const make = () => h("li", {}, h("span", {}), h("button", { type: "button" }, "Cancel"));
  pane.part("work", ({ current, waiting }) => {
    now.hidden = !current;
    queue.hidden = waiting.length === 0;
    node.hidden = !current && waiting.length === 0;
    if (current) {
      if (current.run !== run) cancel.disabled = false;
      run = current.run;
      const { phase, done, total, unit } = current;
      say(name, current.name);
      say(far, total ? `${phase}: ${number(done, 0)} of ${number(total, 0)} ${unit}${left(current)}` : `${phase} …`);
      bar.firstChild.style.width = total ? `${(100 * done) / total}%` : "";
      bar.classList.toggle("unknown", !total);
      mark(bar, "aria-valuenow", total ? String(Math.round((100 * done) / total)) : null);
      mark(bar, "aria-valuetext", far.textContent);
    } else run = 0;
    keyed(queue, waiting, (row) => row.run, make, (item, row, fresh) => {
      const place = waiting.indexOf(row);
      say(item.firstChild, `${row.name}: waits for ${current ? current.name : "its turn"}${place ? ` and ${place} more` : ""}`);
      if (fresh) item.lastChild.addEventListener("click", () => ask("cancel", { run: row.run }));
    });
  });
  return { node };
}
