// Dragging: palette items and nodes onto a `+`, an open end onto a node. Pointer events only, so touch works too.

import { pan, canvas } from "./view.js";
import { reasonAgainst } from "./picker.js";

const stage = document.getElementById("main");
const guide = document.getElementById("guide").firstElementChild;
const FAR_ENOUGH = 5, REACH = 64, RIM = 44;

// Calls begin(drag) once the pointer has moved enough; drag = {over(x, y), drop(), end()}.
function watch(event, begin, onClick) {
  const from = { x: event.clientX, y: event.clientY };
  let at = from, drag = null, timer = null;
  const move = (e) => {
    if (e.pointerId !== event.pointerId) return;
    at = { x: e.clientX, y: e.clientY };
    if (!drag) {
      if (Math.hypot(at.x - from.x, at.y - from.y) < FAR_ENOUGH) return;
      document.activeElement?.blur?.();
      document.body.classList.add("is-dragging");
      drag = begin(from);
      timer = setInterval(() => { if (panAtRim(at)) drag.over(at.x, at.y); }, 16);
    }
    drag.over(at.x, at.y);
  };
  const finish = (isDrop) => {
    clearInterval(timer);
    removeEventListener("pointermove", move); removeEventListener("pointerup", up); removeEventListener("pointercancel", cancel); removeEventListener("keydown", key, true);
    document.body.classList.remove("is-dragging");
    if (drag) { if (isDrop) drag.drop(); drag.end(); swallowClick(); } else if (isDrop) onClick?.();
  };
  const up = (e) => { if (e.pointerId === event.pointerId) finish(true); };
  const cancel = () => finish(false);
  const key = (e) => { if (e.key === "Escape" && drag) { e.stopPropagation(); finish(false); } };
  addEventListener("pointermove", move); addEventListener("pointerup", up); addEventListener("pointercancel", cancel); addEventListener("keydown", key, true);
}

// The click that follows a drag means nothing.
function swallowClick() {
  const swallow = (e) => { e.stopPropagation(); e.preventDefault(); };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 50);
}

function panAtRim({ x, y }) {
  const box = stage.getBoundingClientRect();
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return false;
  const push = (near, far) => (near < RIM ? (RIM - near) / 4 : far < RIM ? -(RIM - far) / 4 : 0);
  const dx = push(x - box.left, box.right - x), dy = push(y - box.top, box.bottom - y);
  if (dx || dy) pan(dx, dy);
  return Boolean(dx || dy);
}

function ghostOf(element) {
  const ghost = document.createElement("div");
  ghost.className = "drag-ghost";
  ghost.append(element.querySelector(".node-icon").cloneNode(true), (element.querySelector(".node-name, .palette-name")).cloneNode(true));
  ghost.lastElementChild.style.display = "inline";
  document.body.append(ghost);
  return ghost;
}

function nearest(elements, x, y) {
  let best = null, reach = REACH;
  for (const element of elements) {
    const box = element.getBoundingClientRect();
    const distance = Math.hypot(x - box.left - box.width / 2, y - box.top - box.height / 2);
    if (distance < reach) { best = element; reach = distance; }
  }
  return best;
}

export function descendants(id) {
  const found = new Set([id]), todo = [id];
  while (todo.length) {
    const src = todo.pop();
    for (const line of document.querySelectorAll(`.lines path[data-src="${CSS.escape(src)}"][data-dst]`)) {
      if (!found.has(line.dataset.dst)) { found.add(line.dataset.dst); todo.push(line.dataset.dst); }
    }
  }
  return found;
}

// Dragging something that is to land on a `+` (or on the empty canvas). `allows(spot)` tells where.
function onto(element, allows, drop) {
  return () => {
    const ghost = ghostOf(element), isEmpty = canvas().hasAttribute("data-empty");
    const all = isEmpty ? [] : [...document.querySelectorAll(".spot")];
    const spots = all.filter(allows);
    all.filter((spot) => !spots.includes(spot)).forEach((spot) => spot.classList.add("is-closed"));
    element.classList.add("is-dragged");
    let target = null;
    return {
      over(x, y) {
        ghost.style.left = `${x}px`; ghost.style.top = `${y}px`;
        target?.classList.remove("is-target");
        const box = stage.getBoundingClientRect(), isInside = x > box.left && x < box.right && y > box.top && y < box.bottom;
        target = !isInside ? null : isEmpty ? (allows(null) ? document.getElementById("canvas-empty") : null) : nearest(spots, x, y);
        target?.classList.add("is-target");
      },
      drop() { if (target) drop(isEmpty ? {} : placeOf(target)); },
      end() {
        ghost.remove(); element.classList.remove("is-dragged");
        document.querySelectorAll(".is-target, .is-closed").forEach((e) => e.classList.remove("is-target", "is-closed"));
      },
    };
  };
}

export const placeOf = (spot) => (spot.dataset.edge ? { edge: spot.dataset.edge } : { at: spot.dataset.at, outlet: spot.dataset.outlet });

export function dragItem(event, item, insert, onClick) {
  const isEmpty = canvas().hasAttribute("data-empty");
  if (reasonAgainst(item, null, isEmpty)) return;
  watch(event, onto(item, (spot) => !reasonAgainst(item, spot ? placeOf(spot) : null, isEmpty), (place) => insert(item.dataset, place)), onClick);
}

export function dragNode(event, node, move, onClick) {
  const id = node.dataset.id, isBranching = document.querySelectorAll(`.lines path[data-src="${CSS.escape(id)}"][data-dst]`).length > 1;
  const behind = descendants(id);
  const allows = (spot) => (isBranching ? !spot.dataset.edge && !behind.has(spot.dataset.src) : spot.dataset.src !== id && spot.dataset.dst !== id);
  watch(event, onto(node, allows, move), onClick);
}

// Drawing a connection from an open end to a node that stands further on.
export function dragConnection(event, end, connect, onClick) {
  const src = end.dataset.at;
  watch(event, () => {
    const box = stage.getBoundingClientRect(), start = end.getBoundingClientRect();
    const x1 = start.left - box.left, y1 = start.top + start.height / 2 - box.top;
    let target = null;
    return {
      over(x, y) {
        const x2 = x - box.left, y2 = y - box.top, bend = Math.max(30, Math.abs(x2 - x1) / 2);
        guide.setAttribute("d", `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
        target?.classList.remove("is-target");
        const node = document.elementFromPoint(x, y)?.closest(".node");
        target = node && !descendants(node.dataset.id).has(src) ? node : null;
        target?.classList.add("is-target");
      },
      drop() { if (target) connect({ at: src, outlet: end.dataset.outlet, target: target.dataset.id }); },
      end() { guide.removeAttribute("d"); target?.classList.remove("is-target"); },
    };
  }, onClick);
}
