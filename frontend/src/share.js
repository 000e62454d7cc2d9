// Several panes on one model: each sees a model of its own, with its own name, its own height and parts under its names.

/** A pane's view of `view`'s model in `el`. `own` are parts that differ for it, `names` what it calls parts otherwise. */
export function share({ model }, pane, el, { own = {}, names = {} } = {}) {
  const mine = { pane, height: 0, ...own };
  const real = (name) => names[name] ?? name;
  const event = (what) => (what.startsWith("change:") ? `change:${real(what.slice(7))}` : what);
  return {
    el,
    model: {
      root: model.root ?? model,
      get: (name) => (name in mine ? mine[name] : model.get(real(name))),
      set: (name, value) => model.set(real(name), value),
      on: (what, run) => model.on(event(what), run),
      off: (what, run) => model.off(event(what), run),
      save_changes: () => model.save_changes(),
      send: (...message) => model.send(...message),
    },
  };
}
