// What a persona may be called: what the endpoint takes in an address and a bucket's key.

const MOST = 64;

/** Turn any name into a persona's; empty where nothing of it can stay. */
export function asPersona(name) {
  const kept = name.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}-]+/gu, "-").replace(/-+/g, "-");
  return [...kept.replace(/^-+/, "")].slice(0, MOST).join("").replace(/-+$/, "");
}
