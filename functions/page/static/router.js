// Where in the page one is, kept behind the address's "#".

/** Read the address. */
export function readRoute(hash = location.hash) {
  const [first, second, third] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (first === "new") return { name: "drop", persona: second || null };
  if (first === "keys") return { name: "keys" };
  if (first === "erased" && second) return { name: "erased", removal: second, persona: third };
  if (first === "p" && second) return { name: third || "chat", persona: second };
  return { name: "home" };
}

/** Write an address. */
export const to = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

/** Go somewhere. */
export function go(...parts) {
  location.hash = to(...parts);
}
