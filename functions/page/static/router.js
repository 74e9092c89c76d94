// Where in the page one is, kept behind the address's "#".

/** Read the address. */
export function readRoute(hash = location.hash) {
  const [first, second, third] = parts(hash.replace(/^#\/?/, ""));
  if (first === "new") return { name: "drop", persona: second || null };
  if (first === "keys") return { name: "keys" };
  if (first === "erased" && second) return { name: "erased", removal: second, persona: third };
  if (first === "p" && second) return { name: third || "chat", persona: second };
  return { name: "home" };
}

// What a key must be for; everything else is for those who manage.
const OPEN_TO = {
  home: () => true,
  chat: (key) => key.chats,
  keys: (key) => key.manages && key.reached === null,
};

/** Whether a key, by what it is for, opens a view. */
export const opens = (key, name) => (OPEN_TO[name] ?? ((any) => any.manages))(key);

/** Where one gets to, going somewhere with this key. */
export function allowed(route, key) {
  if (opens(key, route.name)) return route;
  return route.name === "chat" && key.manages ? { ...route, name: "versions" } : { name: "home" };
}

/** What stands between the slashes; nothing of an address that somebody has cut. */
function parts(path) {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Write an address. */
export const to = (...names) => `#/${names.map(encodeURIComponent).join("/")}`;

/** Go somewhere. */
export function go(...names) {
  location.hash = to(...names);
}
