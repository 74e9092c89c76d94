// Questions that must be answered before the page goes on.
import { html, nothing, render } from "./parts/lit-html.js";
import { t } from "./words.js";

/** Ask for a yes; give whether it was given. */
export function confirm({ title, body, yes, danger = false }) {
  return open((close) => html`
    <h2 id="dialog-title">${title}</h2>
    ${body}
    <div class="actions">
      <button type="button" class="quiet" autofocus @click=${() => close(false)}>${t("cancel")}</button>
      <button type="button" class=${danger ? "danger" : "primary"} @click=${() => close(true)}>${yes}</button>
    </div>`);
}

/** Show something until it is closed. */
export function show({ title, body }) {
  return open((close) => html`
    <h2 id="dialog-title">${title}</h2>
    ${body}
    <div class="actions">
      <button type="button" class="primary" @click=${() => close(true)}>${t("close")}</button>
    </div>`);
}

function open(content) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-labelledby", "dialog-title");
    const close = (answer) => dialog.close(answer ? "yes" : "");
    dialog.addEventListener("close", () => {
      render(nothing, dialog);
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    render(content(close), dialog);
    document.body.append(dialog);
    dialog.showModal();
  });
}
