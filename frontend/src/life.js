// An order's life: what led to it, each step of it with its time, what became of it; and why, in words.

import { h, mark, say } from "./dom.js";
import { clock, day, utc } from "./words.js";

const step = (first) => ({ seq, cause, ts, what, text }) => {
  const at = h("time", { title: utc(ts) }, clock(ts, first));
  const number = `#${seq.toLocaleString("en-US")}${cause ? `, because of #${cause.toLocaleString("en-US")}` : ""}`;
  return h("li", {}, at, h("span", { class: "what" }, h("b", {}, what), h("span", {}, text), h("span", { class: "subject" }, number)));
};

/** The part that shows a story; `close` is called when it is not to be shown any more. Returns {part, show}. */
export function life(close) {
  const title = h("h2", {});
  const body = h("div", { class: "story", tabindex: "0" });
  const part = h("div", { class: "part order" }, h("div", { class: "heading" }, title, h("button", { onclick: close, title: "back to the log (Escape)" }, "Close")), body);
  part.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  const show = (story) => {
    say(title, story.title ?? (story.order ? `Order ${story.order}` : ""));
    mark(body, "aria-busy", story.state === "busy" ? "true" : null);
    if (story.state === "busy") body.replaceChildren(h("p", { class: "none muted" }, "reading its life from the journal …"));
    else if (story.state === "error") body.replaceChildren(h("p", { class: "none warn", role: "alert" }, story.problem));
    else if (story.state === "ok") {
      const facts = h("dl", {}, ...story.summary.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));
      const chapters = story.chapters.flatMap(({ heading, steps }) => [h("h3", {}, `${heading} `, h("span", { class: "day" }, day(steps[0]?.ts ?? 0, Date.now()))), h("ol", { class: "steps" }, ...steps.map(step(steps[0]?.ts)))]);
      body.replaceChildren(...(story.summary.length ? [facts] : []), ...chapters);
    } else body.replaceChildren();
  };
  return { part, show };
}
