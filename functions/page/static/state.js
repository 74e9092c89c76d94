// What the whole page knows; a view keeps what only it knows to itself. Everything is gone with the tab.
export const state = {
  key: sessionStorage.getItem("key"),
  // What the key is for: to chat, to manage, and whom it reaches, null for everybody.
  ...may(sessionStorage.getItem("may")),
  personas: null,
  refused: null,
  route: { name: "home" },
};

function may(kept) {
  return kept ? JSON.parse(kept) : { chats: false, manages: false, reached: null };
}

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
export function signIn(key, { chats, manages, reached }) {
  sessionStorage.setItem("key", key);
  sessionStorage.setItem("may", JSON.stringify({ chats, manages, reached }));
  change({ key, chats, manages, reached });
}

/** Forget the key and everything that it showed; `refused` where it opens nothing any longer. */
export function signOut({ refused = false } = {}) {
  if (refused) sessionStorage.setItem("refused", "true");
  sessionStorage.removeItem("key");
  sessionStorage.removeItem("may");
  location.hash = "";
  location.reload();
}
