// All panes but the chart: one module, the model's `pane` says which one to draw.

import { render as blotter } from "./blotter.js";
import { render as controls } from "./controls.js";
import { render as hero } from "./hero.js";
import { render as log } from "./log.js";
import { render as params } from "./params.js";
import { render as pnl } from "./pnl.js";
import { render as ribbon } from "./ribbon.js";
import { single } from "./single.js";
import { render as start } from "./start.js";
import { render as steering } from "./steering.js";
import { render as vitals } from "./vitals.js";

const PANES = {
  blotter, controls, hero, log, params, pnl, ribbon, start, steering, vitals,
  kill: controls, orders: single("orders"), positions: single("positions"), signals: single("signals"), ticker: single("prices"),
};

function render(view) {
  return PANES[view.model.get("pane")](view);
}

export default { render };
