// A notebook's kernel, heard by its beats: after three missed ones it is gone or stuck, and what it told is old.

const SILENT_MS = 7000; // the kernel beats each 2 s (BEAT_S in flusher.py)

export const SILENT = "the kernel is silent: if it was restarted, connect again and run this cell";

/**
 * Call gone(seconds of silence) when the model's kernel falls silent, and back() when it is heard again. A page that
 * never hears a beat has a server instead, and is never silent. Returns what ends it.
 */
export function heed(model, gone, back) {
  let heard = 0;
  let silent = false;
  const listen = () => {
    heard = performance.now();
    if (silent) back();
    silent = false;
  };
  const look = () => {
    const quiet = performance.now() - heard;
    if (!heard || silent || quiet < SILENT_MS) return;
    silent = true;
    gone(quiet / 1000);
  };
  const timer = setInterval(look, 1000);
  model.on("msg:custom", listen);
  return () => {
    clearInterval(timer);
    model.off("msg:custom", listen);
  };
}
