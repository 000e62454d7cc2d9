// Whether anybody looks: a notebook's widget that no page shows any more (its output was deleted) watches nothing.

const LEFT_MS = 1500; // a notebook takes an output away and draws it anew when it is moved or scrolled

const views = new WeakMap(); // how many views of a model this page has
export const root = (model) => model.root ?? model;

const tell = (model, op) => {
  try {
    model.send({ op });
  } catch {
    // the widget was closed: there is nobody to tell
  }
};

/** Count a view of the model and tell its kernel; returns what ends it. A served page's models are told nothing. */
export function present(view) {
  const model = root(view);
  if (!model.get("hears")) return () => {};
  const count = (change) => {
    const now = (views.get(model) ?? 0) + change;
    views.set(model, now);
    return now;
  };
  if (count(1) === 1) tell(model, "here");
  return () => {
    if (count(-1) === 0) setTimeout(() => views.get(model) === 0 && tell(model, "left"), LEFT_MS);
  };
}

/** Ask a kernel that has fallen silent to speak again: another page may have told it that nobody looks. */
export const wake = (model) => root(model).get("hears") && tell(root(model), "here");
