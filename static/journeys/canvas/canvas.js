// The canvas page: selection, keyboard, the panel, and sending edits. What an activity is, only the server knows.

import { toast } from "../../ajo/app.js";
import * as view from "./view.js";
import * as picker from "./picker.js";
import * as drag from "./drag.js";
import * as live from "./live.js";
import { checkAll } from "./fields.js";

const editor = document.getElementById("editor");
const panel = document.getElementById("panel");
const stage = document.getElementById("main");
const dialog = document.getElementById("dialog");
const texts = document.getElementById("texts").dataset;
const isEditable = editor.classList.contains("is-editable");
const addresses = editor.dataset;
const CLIP = "journeys.clip";

let selected = null;
const nodeOf = (id) => (id ? document.getElementById(`node-${id}`) : null);
const nodes = () => [...document.querySelectorAll(".node")];

// --- edits -----------------------------------------------------------------------------------------------------

// A request that a newer one replaced is not an error.
function send(verb, url, more) { htmx.ajax(verb, url, more).catch(() => {}); }

function operate(values) {
  document.activeElement?.closest?.("#panel")?.contains(document.activeElement) && document.activeElement.blur();
  send("POST", addresses.operationsUrl, { source: "#operation", swap: "none", values });
}

function insert(item, place) {
  const values = { op: "insert", kind: item.kind, params: item.params || "{}", label: item.label || "" };
  operate(place.beside ? { ...values, op: "insert-beside", node: place.beside } : { ...values, ...place });
}

// Where the next activity goes without saying: after the selected one, else at the first open end.
function nextPlace() {
  const node = nodeOf(selected);
  if (node?.dataset.open !== undefined) return { at: selected, outlet: node.dataset.open };
  if (node?.dataset.firstEdge) return { edge: node.dataset.firstEdge };
  if (node) return null;
  const end = document.querySelector(".open-end[data-at]");
  return end ? { at: end.dataset.at, outlet: end.dataset.outlet } : view.canvas().hasAttribute("data-empty") ? {} : null;
}

function append(item) {
  const place = nextPlace();
  if (!place) return toast({ message: texts.noPath, level: "warning" });
  const reason = picker.reasonAgainst(item, place, view.canvas().hasAttribute("data-empty"));
  if (reason) return toast({ message: reason, level: "warning" });
  insert(item.dataset, place);
}

const COMMANDS = {
  undo: () => operate({ op: "undo" }),
  redo: () => operate({ op: "redo" }),
  add: () => { const place = nextPlace(); if (place) picker.open(place, nodeOf(selected), insert); else toast({ message: texts.noPath, level: "warning" }); },
  parallel: () => nodeOf(selected)?.hasAttribute("data-parallel") && picker.open({ beside: selected }, nodeOf(selected), insert),
  connect: () => selected && ask("connect", selected),
  move: () => selected && ask("move", selected),
  copy: () => { if (selected) { localStorage.setItem(CLIP, JSON.stringify({ version: addresses.version, node: selected })); toast({ message: texts.copied, level: "info" }); } },
  paste: () => {
    const clip = JSON.parse(localStorage.getItem(CLIP) || "null"), place = selected ? { after: selected } : nextPlace();
    if (clip && place) operate({ op: "paste", from_version: clip.version, from_node: clip.node, ...place });
  },
  duplicate: () => selected && operate({ op: "duplicate", node: selected }),
  delete: () => {
    if (!selected) return;
    if (nodeOf(selected).hasAttribute("data-asks")) ask("delete", selected);
    else operate({ op: "delete", node: selected });
  },
};

function ask(purpose, id, query = "") {
  const url = addresses.placesUrl.replace("NODE", id).replace("PURPOSE", purpose);
  send("GET", url + query, { target: "#dialog-body", swap: "innerHTML" });
}

// --- selection and panel ---------------------------------------------------------------------------------------

function select(id, { focus = false, open = true, isNew = false } = {}) {
  selected = nodeOf(id) ? id : null;
  paintSelection();
  const node = nodeOf(selected);
  if (node) {
    if (isNew) node.classList.add("is-new");
    view.bringIntoView(node);
    if (focus) node.focus({ preventScroll: true });
    if (open) openPanel(addresses.panelUrl.replace("NODE", id), id);
  } else if (panel.querySelector("#node-form")) closePanel();
}

function paintSelection() {
  const all = nodes();
  for (const node of all) {
    const isSelected = node.dataset.id === selected;
    node.setAttribute("aria-selected", String(isSelected));
    node.tabIndex = isSelected ? 0 : -1;
  }
  if (!nodeOf(selected) && all[0]) all[0].tabIndex = 0;
  for (const line of document.querySelectorAll(".lines path")) line.classList.toggle("is-lit", Boolean(selected) && (line.dataset.src === selected || line.dataset.dst === selected));
}

// A panel with something unsaved is saved before another takes its place.
async function openPanel(url, id) {
  const form = panel.querySelector("#node-form");
  if (form && form.dataset.node === id) return;
  if (!(await saved())) return;
  if (id && id !== selected) return;
  panel.hidden = false;
  if (nodeOf(selected)) view.bringIntoView(nodeOf(selected));
  send("GET", url, { source: "#panel", target: "#panel", swap: "innerHTML" });
}

function closePanel() {
  saved().then((isSaved) => { if (isSaved) { panel.hidden = true; panel.replaceChildren(); } });
}

function saved() {
  const form = panel.querySelector("#node-form");
  if (form?.contains(document.activeElement)) document.activeElement.blur();
  if (!form?.dataset.unsaved) return Promise.resolve(true);
  if (form.dataset.unsaved === "typed") htmx.trigger(form, "save");
  return new Promise((resolve) => {
    const began = Date.now();
    const timer = setInterval(() => {
      const isDone = !form.dataset.unsaved || !form.isConnected;
      if (isDone || form.dataset.unsaved === "refused" || Date.now() - began > 6000) { clearInterval(timer); resolve(isDone); }
    }, 30);
  });
}

panel.addEventListener("input", (event) => { const form = event.target.closest("#node-form"); if (form) form.dataset.unsaved = "typed"; });
document.addEventListener("htmx:beforeRequest", (event) => {
  const elt = event.detail.elt;
  if (elt.id === "node-form") elt.dataset.unsaved = "sent";
  if (elt.id === "node-form" || elt.id === "operation") showSaving(true);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = event.detail, successful = xhr.status >= 200 && xhr.status < 300;
  if (elt.id === "node-form") {
    if (successful && elt.dataset.unsaved === "sent") delete elt.dataset.unsaved;
    else if (!successful) elt.dataset.unsaved = "refused";
  }
  if (elt.id === "node-form" || elt.id === "operation") showSaving(false);
});
document.addEventListener("htmx:sendError", (event) => {
  const elt = event.detail.elt;
  if (elt.id === "node-form") setTimeout(() => elt.isConnected && htmx.trigger(elt, "save"), 4000);
});
// The answer to a save must not overwrite what was typed since, nor the panel of another activity.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail, elt = requestConfig?.elt;
  if (target?.id !== "panel" || elt?.id !== "node-form" || event.detail.xhr.status !== 200) return;
  const shown = panel.querySelector("#node-form");
  if (shown !== elt || elt.dataset.unsaved === "typed") event.detail.swapOverride = "none";
});
addEventListener("beforeunload", (event) => { if (panel.querySelector("#node-form")?.dataset.unsaved) event.preventDefault(); });

// Open an activity's settings and go into one of them: now when they are shown, else once they are.
let wantedField = null;
function enter(id, field) {
  const isShown = panel.querySelector("#node-form")?.dataset.node === id;
  wantedField = isShown ? null : field;
  select(id, { focus: !field });
  if (isShown) focusField(field);
}
function focusField(name) {
  if (name) panel.querySelector(`[name="${CSS.escape(name)}"], #id_${CSS.escape(name)}-field :is(input, textarea, select)`)?.focus();
}
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "panel") return;
  checkAll(panel);
  focusField(wantedField);
  wantedField = null;
});

// --- after an edit ---------------------------------------------------------------------------------------------

document.body.addEventListener("canvas:changed", (event) => {
  const { description, selected: wanted, is_new: isNew, saved: savedNode, is_refresh: isRefresh } = event.detail;
  document.getElementById("announcer").textContent = description || "";
  view.drawMap();
  refreshPalette();
  if (savedNode) { paintSelection(); return; }
  document.getElementById("notice").replaceChildren();
  const form = panel.querySelector("#node-form");
  if (isRefresh && form?.dataset.unsaved) { paintSelection(); htmx.trigger(form, "save"); return; }
  const hadFocus = !document.activeElement || document.activeElement === document.body || stage.contains(document.activeElement);
  const next = wanted && nodeOf(wanted) ? wanted : nodeOf(selected) ? selected : null;
  if (form && (form.dataset.node !== next || !isNew)) form.dataset.node = ""; // show the settings as they are now
  select(next, { focus: hadFocus || isNew, open: isNew || !panel.hidden, isNew });
  if (!next && hadFocus) stage.focus({ preventScroll: true });
});

function refreshPalette() {
  const isEmpty = view.canvas().hasAttribute("data-empty");
  for (const item of document.querySelectorAll(".palette .palette-item")) {
    const reason = picker.reasonAgainst(item, null, isEmpty);
    item.setAttribute("aria-disabled", String(Boolean(reason)));
    item.dataset.help ??= item.title;
    item.title = reason || item.dataset.help;
  }
  const starts = document.getElementById("empty-starts");
  if (starts && !starts.childElementCount) {
    const items = [...document.querySelectorAll(".palette .palette-item[data-can-start]")].slice(0, 4);
    starts.append(...items.map((item) => { const copy = item.cloneNode(true); copy.onclick = () => insert(copy.dataset, {}); return copy; }));
  }
}

// --- mouse and touch -------------------------------------------------------------------------------------------

view.watchBackground(() => { select(null); closePanel(); });

document.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || view.spaceIsDown()) return;
  const item = event.target.closest(".palette .palette-item"), node = event.target.closest(".node"), end = event.target.closest("button.open-end");
  if (item && isEditable) drag.dragItem(event, item, insert);
  else if (node) {
    const click = () => select(node.dataset.id, { focus: true });
    if (isEditable) drag.dragNode(event, node, (place) => operate({ op: "move", node: node.dataset.id, ...place }), click);
    else click();
  } else if (end) drag.dragConnection(event, end, (to) => operate({ op: "connect", ...to, node: to.at }), () => picker.open({ at: end.dataset.at, outlet: end.dataset.outlet }, end, insert));
});

document.addEventListener("dblclick", (event) => { const item = event.target.closest(".palette .palette-item"); if (item) append(item); });

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  const item = on(".palette .palette-item"), spot = on(".spot");
  if (item && event.detail === 0) return append(item); // Enter or space on a palette item
  if (spot) return picker.open(drag.placeOf(spot), spot, insert);
  if (on("[data-do=reload]")) return send("GET", addresses.refreshUrl, { source: "#operation", swap: "none" });
  if (on("[data-do]")) return COMMANDS[on("[data-do]").dataset.do]?.();
  if (on("[data-command]")) return COMMANDS[on("[data-command]").dataset.command]();
  if (on("[data-view]")) return look(on("[data-view]").dataset.view);
  if (on("[data-panel]")) { selected = null; paintSelection(); return openPanel(on("[data-panel]").dataset.panel); }
  if (on("[data-panel-close]")) { const back = nodeOf(selected); closePanel(); return back?.focus({ preventScroll: true }); }
  if (on("[data-operation]")) return operate(JSON.parse(on("[data-operation]").dataset.operation));
  if (on("[data-pick-at]")) return picker.open({ at: on("[data-pick-at]").dataset.pickAt, outlet: on("[data-pick-at]").dataset.outlet }, on("[data-pick-at]"), insert);
  if (on("[data-connect]")) return ask("connect", on("[data-connect]").dataset.connect, `?outlet=${encodeURIComponent(on("[data-connect]").dataset.outlet)}`);
  if (on("[data-go]")) { const { go, field } = on("[data-go]").dataset; dialog.close(); return enter(go, field || null); }
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-operation-form]");
  if (!form) return;
  event.preventDefault();
  const values = Object.fromEntries(new FormData(form));
  if (values.place) { Object.assign(values, Object.fromEntries(new URLSearchParams(values.place))); delete values.place; }
  dialog.close();
  operate(values);
});

document.getElementById("palette-search")?.addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  let found = 0;
  for (const group of document.querySelectorAll(".palette-group")) {
    const items = [...group.querySelectorAll(".palette-item")];
    items.forEach((item) => { item.hidden = !item.dataset.name.toLowerCase().includes(wanted); });
    group.hidden = items.every((item) => item.hidden);
    found += items.filter((item) => !item.hidden).length;
  }
  document.querySelector(".palette-nothing").hidden = found > 0;
});

// --- keyboard --------------------------------------------------------------------------------------------------

function look(what) {
  if (what === "in") view.zoom(1.2); else if (what === "out") view.zoom(1 / 1.2);
  else if (what === "one") view.zoom(1 / view.view.k); else if (what === "fit") view.fit();
  else if (what === "help") { const body = document.getElementById("dialog-body"); body.replaceChildren(document.getElementById("help").content.cloneNode(true)); dialog.showModal(); }
}

// The neighbour in a direction: along the lines sideways, the nearest box up and down.
function neighbour(node, key) {
  const id = CSS.escape(node.dataset.id);
  if (key === "ArrowRight") return nodeOf(document.querySelector(`.lines path[data-src="${id}"][data-dst]`)?.dataset.dst);
  if (key === "ArrowLeft") return nodeOf(document.querySelector(`.lines path[data-dst="${id}"]`)?.dataset.src);
  const x = parseFloat(node.style.left), y = parseFloat(node.style.top), sign = key === "ArrowDown" ? 1 : -1;
  const away = (n) => Math.abs(parseFloat(n.style.top) - y) + 1.5 * Math.abs(parseFloat(n.style.left) - x);
  return nodes().filter((n) => (parseFloat(n.style.top) - y) * sign > 8).sort((a, b) => away(a) - away(b))[0];
}

const VIEW_KEYS = { "+": "in", "=": "in", "-": "out", "0": "one", f: "fit", F: "fit", "?": "help" };
const NODE_KEYS = { a: "add", p: "parallel", c: "connect", m: "move", Delete: "delete", Backspace: "delete" };
const CONTROL_KEYS = { z: "undo", y: "redo", c: "copy", v: "paste", d: "duplicate" };

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]"), node = event.target.closest(".node");
  if (dialog.open || picker.isOpen() || event.altKey) return;
  if (event.key === "Escape") {
    if (panel.hidden) return select(null);
    const back = nodeOf(selected); closePanel(); return back?.focus({ preventScroll: true });
  }
  if (isTyping) return;
  if (event.ctrlKey || event.metaKey) {
    const command = event.shiftKey && event.key.toLowerCase() === "z" ? "redo" : CONTROL_KEYS[event.key.toLowerCase()];
    if (command && isEditable && !(command === "copy" && String(getSelection()))) { event.preventDefault(); COMMANDS[command](); }
    return;
  }
  if (node && event.key.startsWith("Arrow")) {
    event.preventDefault();
    const next = neighbour(node, event.key);
    if (next) select(next.dataset.id, { focus: true, open: !panel.hidden });
  } else if (node && (event.key === "Home" || event.key === "End")) {
    event.preventDefault();
    select(nodes().at(event.key === "Home" ? 0 : -1).dataset.id, { focus: true, open: !panel.hidden });
  } else if (node && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    enter(node.dataset.id, "label");
  } else if (VIEW_KEYS[event.key]) look(VIEW_KEYS[event.key]);
  else if (isEditable && NODE_KEYS[event.key] && (selected || event.key === "a")) { event.preventDefault(); COMMANDS[NODE_KEYS[event.key]](); }
});
document.addEventListener("focusin", (event) => { const node = event.target.closest(".node"); if (node && node.dataset.id !== selected) select(node.dataset.id, { open: false }); });
document.addEventListener("canvas:undo", COMMANDS.undo);

// --- saved mark and live news ----------------------------------------------------------------------------------

function showSaving(isSaving) {
  const text = document.querySelector("#saved .saved-text");
  if (text) text.textContent = isSaving ? texts.saving : texts.saved;
}
setInterval(() => {
  const mark = document.getElementById("saved");
  if (!mark || mark.textContent.includes(texts.saving)) return;
  const age = Math.round(Date.now() / 1000 - mark.dataset.at);
  mark.querySelector(".saved-text").textContent = age < 5 ? texts.saved : age < 90 ? texts.seconds.replace("%s", age) : age < 5400 ? texts.minutes.replace("%s", Math.round(age / 60)) : texts.saved;
}, 5000);

function tell({ revision, editor: who, status }) {
  if (status && status !== addresses.status) return location.reload();
  const isNews = revision > +(document.getElementById("revision")?.value ?? revision) && who && who !== addresses.user;
  if (!isNews || document.getElementById("stale")) return;
  const bar = document.createElement("div");
  bar.className = "notice-bar"; bar.dataset.level = "info"; bar.id = "stale";
  bar.append(texts.changed.replace("%s", who), Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: texts.load }));
  bar.lastElementChild.dataset.do = "reload";
  document.getElementById("notice").replaceChildren(bar);
}

view.start();
refreshPalette();
paintSelection();
live.watch(tell);
