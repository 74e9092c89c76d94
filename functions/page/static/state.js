// What the whole page knows; a view keeps what only it knows to itself. Everything is gone with the tab.
export const state = {
  key: sessionStorage.getItem("key"),
  manages: sessionStorage.getItem("manages") === "true",
  personas: null,
  route: { name: "home" },
};

let draw = () => {};
let waiting = false;

/** Say what draws the page. */
export function drawWith(renderer) {
  draw = renderer;
}

/** Draw the page again, once for all that changed in this moment. */
export function redraw() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    draw();
  });
}

/** Change what the whole page knows. */
export function change(part) {
  Object.assign(state, part);
  redraw();
}

/** Keep the key that was typed in until the tab is closed. */
export function signIn(key, manages) {
  sessionStorage.setItem("key", key);
  sessionStorage.setItem("manages", manages);
  change({ key, manages });
}

/** Forget the key and everything that it showed. */
export function signOut() {
  sessionStorage.removeItem("key");
  sessionStorage.removeItem("manages");
  location.hash = "";
  location.reload();
}
