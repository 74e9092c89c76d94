// The first file, so that the page can help itself where another one does not arrive: a first visit asks for all
// of them at once, which a new account's functions may be too few for. What arrived is not asked for again.
const TRIES = 6;
const LONGEST = 4000;

async function start() {
  try {
    await import("./app.js");
    const sheets = [...document.querySelectorAll("link[rel=stylesheet]")];
    if (sheets.some((link) => !link.sheet)) throw new Error("a style sheet is missing");
    sessionStorage.removeItem("tries");
  } catch (error) {
    const tries = Number(sessionStorage.getItem("tries")) + 1;
    if (tries >= TRIES) throw error;
    sessionStorage.setItem("tries", tries);
    setTimeout(() => location.reload(), Math.min(500 * 2 ** tries, LONGEST));
  }
}

start();
