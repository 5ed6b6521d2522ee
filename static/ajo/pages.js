// Pages beside the canvas: copying, and ticking rows of a list.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  await navigator.clipboard.writeText(button.dataset.copy);
  document.dispatchEvent(new CustomEvent("toast", { detail: { message: button.dataset.copied } }));
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (!form || event.target.type !== "checkbox") return;
  if (event.target.matches("[data-tick-all]")) {
    form.querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
  }
  const needs = form.querySelector("[data-needs-tick]");
  if (needs) needs.disabled = !form.querySelector("tbody input[type=checkbox]:checked");
});
