// Fields that are more than one input: rows of paths, and expressions that are checked while they are written.

const checks = new WeakMap();

function check(area) {
  const box = area.closest(".expression-box");
  clearTimeout(checks.get(area));
  checks.set(area, setTimeout(() => {
    if (area.isConnected) htmx.ajax("POST", box.dataset.check, { source: box, target: box.querySelector(".expression-check"), swap: "innerHTML", values: { expression: area.value, want: box.dataset.want } }).catch(() => {});
  }, 350));
}

document.addEventListener("input", (event) => { if (event.target.closest?.(".expression-box")) check(event.target); });
export function checkAll(root) {
  root.querySelectorAll(".expression-box textarea").forEach((area) => { if (area.value.trim() && !area.disabled) check(area); });
}

function freeId(rows) {
  const taken = [...rows.querySelectorAll('[data-row] > input[type="hidden"]')].map((input) => +(input.value.match(/\d+$/) || [0])[0]);
  return `path${Math.max(0, ...taken) + 1}`;
}

function renumber(rows) {
  rows.querySelectorAll(":scope > [data-row] .path-number").forEach((number, index) => { number.textContent = index + 1; });
  rows.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-row-add], [data-row-up], [data-row-down], [data-row-remove]");
  if (!button) return;
  const rows = button.closest("[data-rows]"), row = button.closest("[data-row]");
  if (button.hasAttribute("data-row-add")) {
    const fresh = rows.querySelector("template").content.firstElementChild.cloneNode(true);
    const id = freeId(rows);
    fresh.id = `path-row-${id}`;
    fresh.querySelector('input[type="hidden"]').value = id;
    rows.querySelector("template").before(fresh);
    fresh.querySelector(".form-control").value = `${fresh.querySelector(".form-control").placeholder.split(" ").pop()} ${rows.querySelectorAll(":scope > [data-row]").length}`;
    fresh.querySelector(".form-control").select();
  } else if (button.hasAttribute("data-row-up")) row.previousElementSibling?.before(row);
  else if (button.hasAttribute("data-row-down")) { if (row.nextElementSibling?.matches("[data-row]")) row.nextElementSibling.after(row); }
  else if (rows.querySelectorAll(":scope > [data-row]").length > 1) row.remove();
  renumber(rows);
  if (button.isConnected) button.focus();
});
