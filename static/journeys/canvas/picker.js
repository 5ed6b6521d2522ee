// The small list of activities that opens at a `+`. It is filled from the palette, so it knows nothing of kinds.

const picker = document.getElementById("picker");
const search = document.getElementById("picker-search");
const list = document.getElementById("picker-list");
const texts = document.getElementById("texts").dataset;

let place = null, onChoose = null, returnTo = null;

// Why an item cannot stand at a place, or nothing.
export function reasonAgainst(item, where, isEmpty) {
  if (isEmpty && !item.hasAttribute("data-can-start")) return texts.notFirst;
  if (where?.edge && item.hasAttribute("data-is-end")) return texts.notHere;
  if (where?.beside && !item.hasAttribute("data-can-be-parallel")) return texts.notParallel;
  return "";
}

export function open(where, anchor, choose) {
  place = where; onChoose = choose; returnTo = document.activeElement;
  close();
  place = where;
  anchor.classList?.add("is-open");
  search.value = "";
  fill();
  picker.hidden = false;
  const at = anchor.getBoundingClientRect(), box = picker.getBoundingClientRect();
  picker.style.left = `${Math.max(8, Math.min(at.right + 10, innerWidth - box.width - 8))}px`;
  picker.style.top = `${Math.max(64, Math.min(at.top - 20, innerHeight - box.height - 8))}px`;
  search.focus({ preventScroll: true });
}

export function close(isBack = false) {
  if (!picker || picker.hidden) return;
  picker.hidden = true;
  document.querySelectorAll(".spot.is-open").forEach((spot) => spot.classList.remove("is-open"));
  if (isBack) returnTo?.focus({ preventScroll: true });
}

export const isOpen = () => Boolean(picker && !picker.hidden);

function fill() {
  const wanted = search.value.trim().toLowerCase();
  const isEmpty = document.getElementById("canvas").hasAttribute("data-empty");
  list.replaceChildren();
  for (const group of document.querySelectorAll(".palette-group")) {
    const items = [...group.querySelectorAll(".palette-item")].filter((item) => item.dataset.name.toLowerCase().includes(wanted));
    if (!items.length) continue;
    const heading = document.createElement("div");
    heading.className = "picker-heading"; heading.setAttribute("role", "presentation");
    heading.textContent = group.querySelector("h2").textContent;
    list.append(heading, ...items.map((item, index) => option(item, isEmpty, index)));
  }
  if (!list.childElementCount) list.innerHTML = `<div class="picker-nothing"></div>`;
  if (list.firstElementChild?.className === "picker-nothing") list.firstElementChild.textContent = texts.nothing;
  mark(list.querySelector("[role=option]:not([aria-disabled=true])"));
}

function option(item, isEmpty) {
  const copy = item.cloneNode(true), reason = reasonAgainst(item, place, isEmpty);
  copy.setAttribute("role", "option"); copy.tabIndex = -1; copy.id = `option-${list.childElementCount}-${item.dataset.kind}-${item.dataset.name}`.replace(/\W/g, "-");
  copy.removeAttribute("aria-disabled");
  if (reason) {
    copy.setAttribute("aria-disabled", "true");
    const note = document.createElement("span"); note.className = "reason"; note.textContent = reason;
    copy.append(note);
  }
  copy.onclick = () => choose(copy);
  copy.onpointermove = () => mark(copy);
  return copy;
}

function mark(item) {
  list.querySelectorAll("[aria-selected=true]").forEach((o) => o.setAttribute("aria-selected", "false"));
  if (!item || item.getAttribute("aria-disabled") === "true") return search.removeAttribute("aria-activedescendant");
  item.setAttribute("aria-selected", "true");
  search.setAttribute("aria-activedescendant", item.id);
  const above = item.offsetTop - list.offsetTop, below = above + item.offsetHeight;
  if (above < list.scrollTop) list.scrollTop = above; else if (below > list.scrollTop + list.clientHeight) list.scrollTop = below - list.clientHeight;
}

function choose(item) {
  if (!item || item.getAttribute("aria-disabled") === "true") return;
  close();
  onChoose(item.dataset, place);
}

if (picker) {
  search.addEventListener("input", fill);
  search.addEventListener("keydown", (event) => {
    const options = [...list.querySelectorAll("[role=option]:not([aria-disabled=true])")];
    const at = options.findIndex((o) => o.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") { event.preventDefault(); mark(options[(at + 1) % options.length]); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(options[(at - 1 + options.length) % options.length]); }
    else if (event.key === "Enter") { event.preventDefault(); choose(options[at]); }
    else if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); close(true); }
  });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".picker, .spot, [data-pick-at]")) close(); }, true);
}
