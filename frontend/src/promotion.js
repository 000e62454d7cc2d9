// From a run to a paper session: the file that would be written, shown; then written and started.

import { h, mark, say } from "./dom.js";

export function promotion(pane, ask) {
  const name = h("input", { type: "text", "aria-label": "name of the session", autocomplete: "off", spellcheck: "false" });
  const speed = h("select", { "aria-label": "speed of the replay" });
  const file = h("code", {});
  const text = h("pre", { tabindex: "0", "aria-label": "the configuration" });
  const came = h("p", { class: "came", role: "status", "aria-live": "polite" });
  const go = h("button", { type: "submit", class: "go" }, "Write and start");
  const back = h("button", { type: "button" }, "Close");
  const wrong = h("p", { class: "warn", role: "alert", hidden: true });
  const form = h("form", { novalidate: true }, h("div", { class: "fields" }, h("label", {}, "Name", name), h("label", {}, "Speed", speed)), wrong, h("p", { class: "muted" }, "This file is written, and nothing that is there is overwritten: ", file), text, h("div", { class: "does" }, go, back), came);
  const node = h("section", { class: "promotion", "aria-label": "promote to paper", hidden: true }, h("h2", {}, "Promote to paper"), form);
  let run = 0;
  let shown = "";
  let busy = false;
  const look = () => {
    go.disabled = busy || shown !== name.value.trim();
    mark(go, "title", go.disabled && !busy ? "the file below is for another name; it is shown anew in a moment" : null);
  };
  let later = 0;
  const again = () => {
    clearTimeout(later);
    look();
    later = setTimeout(() => ask("preview", { run, name: name.value.trim(), speed: speed.value }), 250);
  };
  name.addEventListener("input", again);
  speed.addEventListener("change", again);
  back.addEventListener("click", () => { node.hidden = true; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!go.disabled) ask("promote", { name: shown });
  });
  pane.part("promotion", (value) => {
    run = value.run;
    shown = value.name;
    wrong.hidden = true;
    if (node.hidden || !name.value) name.value = value.name;
    if (speed.options.length !== value.speeds.length) speed.replaceChildren(...value.speeds.map((one) => h("option", { value: one }, one === "max" ? "as fast as it goes" : `${one} × the market`)));
    speed.value = value.speed;
    say(file, `config/${value.file}`);
    say(text, value.text);
    if (node.hidden) {
      came.replaceChildren();
      node.hidden = false;
      name.focus();
    }
    look();
  });
  pane.part("came", ({ state, name: session, text: words }) => {
    busy = state === "busy";
    mark(came, "class", `came ${state}${busy ? " spin" : ""}`);
    const theme = pane.root.dataset.theme;
    const link = state === "running" ? h("a", { href: `?session=${encodeURIComponent(session)}&theme=${theme}`, target: "_blank", rel: "noopener" }, "open its cockpit") : null;
    came.replaceChildren(busy ? `${words}; this takes some seconds` : `${words}${link ? ": " : ""}`, ...(link ? [link] : []));
    look();
  });
  const close = () => { node.hidden = true; name.value = ""; };
  return {
    node,
    open: (number) => { close(); ask("preview", { run: number, name: "", speed: "60" }); },
    close,
    said: (words) => { say(wrong, words); wrong.hidden = false; },
  };
}
