// What every page does: CSRF for HTMX, theme, side navigation, dialogs, toasts.

const root = document.documentElement;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
});

// A field that somebody is typing into keeps what was typed when its form comes back.
if (window.Idiomorph) window.Idiomorph.defaults.ignoreActiveValue = true;

// --- theme and side navigation ---------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) {
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = theme;
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
  }
  if (event.target.closest("[data-sidebar-toggle]")) document.body.classList.toggle("sidebar-open");
});

// --- dialogs: whatever lands in #dialog-body is shown ----------------------------------------------------------

const dialog = document.getElementById("dialog");
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "dialog-body" && event.target.childElementCount && !dialog.open) {
    dialog.showModal();
    dialog.querySelector("[autofocus], input:not([type=hidden]), select, textarea")?.focus();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dialog-close]") || event.target === dialog) dialog.close();
});
document.addEventListener("input", (event) => {
  const wanted = event.target.dataset?.typed;
  if (wanted) event.target.form.querySelector("button:not([type=button])").disabled = event.target.value.trim() !== wanted;
});
document.addEventListener("dialog:close", () => dialog.close());

// --- toasts ----------------------------------------------------------------------------------------------------

export function toast({ message, level = "success", undo = false }) {
  const note = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  note.dataset.level = level;
  note.querySelector(".toast-text").textContent = message;
  note.querySelector(".toast-close").onclick = () => note.remove();
  if (undo) {
    const button = note.querySelector(".toast-undo");
    button.hidden = false;
    button.onclick = () => { note.remove(); document.dispatchEvent(new CustomEvent("canvas:undo")); };
  }
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), level === "danger" ? 9000 : 5000);
}
document.addEventListener("toast", (event) => toast(event.detail));
for (const kept of document.querySelectorAll("template[data-toast]")) {
  toast({ message: kept.innerHTML, level: kept.dataset.level === "error" ? "danger" : kept.dataset.level });
}
document.addEventListener("htmx:sendError", () => toast({ message: root.dataset.offline, level: "danger" }));
document.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Trigger")) toast({ message: root.dataset.failed, level: "danger" });
});
