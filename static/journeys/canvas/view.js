// Where one looks at the canvas: pan, zoom, fit, minimap.

const stage = document.getElementById("main");
const world = document.getElementById("world");
const panel = document.getElementById("panel");
const minimap = document.getElementById("minimap");
const zoomText = document.getElementById("zoom");
const KEY = `canvas-view-${document.getElementById("editor").dataset.version}`;
const NEAREST = 1.75, FURTHEST = 0.2, EDGE = 56;

export const view = { x: 0, y: 0, k: 1 };

export const canvas = () => document.getElementById("canvas");
export const sizeOf = () => (canvas().hasAttribute("data-empty") ? { w: 440, h: 320 } : { w: +canvas().dataset.w, h: +canvas().dataset.h });

function show(isGliding = false) {
  world.classList.toggle("is-gliding", isGliding);
  world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
  const step = 22 * (view.k < 0.5 ? view.k * 2 : view.k);
  stage.style.backgroundSize = `${step}px ${step}px`;
  stage.style.backgroundPosition = `${view.x}px ${view.y}px`;
  zoomText.textContent = `${Math.round(view.k * 100)} %`;
  drawView();
  sessionStorage.setItem(KEY, JSON.stringify(view));
}

export function pan(dx, dy) { view.x += dx; view.y += dy; show(); }

export function zoom(factor, at) {
  const k = Math.min(NEAREST, Math.max(FURTHEST, view.k * factor));
  const box = stage.getBoundingClientRect();
  const px = at ? at.x - box.left : box.width / 2, py = at ? at.y - box.top : box.height / 2;
  view.x = px - ((px - view.x) * k) / view.k;
  view.y = py - ((py - view.y) * k) / view.k;
  view.k = k;
  show(!at);
}

// Show everything; or, where everything would be too small to read, its beginning.
export function fit(isGliding = true, smallest = FURTHEST, readable = smallest) {
  const { w, h } = sizeOf(), box = stage.getBoundingClientRect();
  const whole = Math.min(1, (box.width - 48) / w, (box.height - 130) / h);
  view.k = whole < smallest ? readable : whole;
  view.x = Math.max(24, (box.width - w * view.k) / 2);
  view.y = (box.height - h * view.k) / 2 - (canvas().hasAttribute("data-empty") ? 20 : 10);
  show(isGliding);
}

// Move just enough that an element is seen, with some air around it.
export function bringIntoView(element) {
  const box = stage.getBoundingClientRect();
  const x = parseFloat(element.style.left) * view.k + view.x, y = parseFloat(element.style.top) * view.k + view.y;
  const w = parseFloat(element.style.width) * view.k, h = parseFloat(element.style.height) * view.k;
  const cover = Math.max(0, box.right - (panel.hidden ? box.right : panel.getBoundingClientRect().left)); // it floats when narrow
  const after = Math.min(330 * view.k, Math.max(0, box.width - cover - w - 2 * EDGE)); // what comes next is seen as well
  const right = Math.max(w + EDGE, box.width - cover - after - 16), bottom = box.height - EDGE - 40;
  let dx = 0, dy = 0;
  if (x + w > right) dx = right - x - w;
  if (x + dx < EDGE) dx = EDGE - x;
  if (y + h > bottom) dy = bottom - y - h;
  if (y + dy < EDGE) dy = EDGE - y;
  if (dx || dy) { view.x += dx; view.y += dy; show(true); }
}

// --- minimap ---------------------------------------------------------------------------------------------------

export function drawMap() {
  const svg = minimap.firstElementChild, { w, h } = sizeOf();
  const rects = [...document.querySelectorAll(".node")].map((node) => {
    const s = node.style;
    return `<rect x="${parseFloat(s.left)}" y="${parseFloat(s.top)}" width="${parseFloat(s.width)}" height="${parseFloat(s.height)}" rx="8"/>`;
  });
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
  svg.innerHTML = `${rects.join("")}<rect class="view" rx="8"/>`;
  drawView();
}

function drawView() {
  const rect = minimap.querySelector(".view");
  if (!rect) return;
  const box = stage.getBoundingClientRect(), { w, h } = sizeOf();
  const left = Math.max(0, -view.x / view.k), top = Math.max(0, -view.y / view.k);
  const right = Math.min(w, (box.width - view.x) / view.k), bottom = Math.min(h, (box.height - view.y) / view.k);
  rect.setAttribute("x", left); rect.setAttribute("y", top);
  rect.setAttribute("width", Math.max(0, right - left)); rect.setAttribute("height", Math.max(0, bottom - top));
  minimap.hidden = canvas().hasAttribute("data-empty") || (right - left >= w - 60 && bottom - top >= h - 60);
}

function lookAt(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(minimap.firstElementChild.getScreenCTM().inverse());
  const box = stage.getBoundingClientRect();
  view.x = box.width / 2 - point.x * view.k;
  view.y = box.height / 2 - point.y * view.k;
  show();
}
minimap.addEventListener("pointerdown", (event) => { event.stopPropagation(); minimap.setPointerCapture(event.pointerId); lookAt(event); });
minimap.addEventListener("pointermove", (event) => { if (minimap.hasPointerCapture(event.pointerId)) lookAt(event); });

// --- wheel, background, buttons --------------------------------------------------------------------------------

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * 0.0022), { x: event.clientX, y: event.clientY });
  else if (event.shiftKey) pan(-event.deltaY, 0);
  else pan(-event.deltaX, -event.deltaY);
}, { passive: false });

let isSpaceDown = false;
export const spaceIsDown = () => isSpaceDown;
document.addEventListener("keydown", (event) => { if (event.code === "Space" && !event.target.closest("input, textarea, select, button, [role=treeitem]")) { isSpaceDown = true; event.preventDefault(); } });
document.addEventListener("keyup", (event) => { if (event.code === "Space") isSpaceDown = false; });

// Dragging the background; `onClick` is called when it was only a click.
export function watchBackground(onClick) {
  stage.addEventListener("pointerdown", (event) => {
    const isBackground = !event.target.closest(".node, .spot, .open-end, .stage-tools, .minimap, .canvas-empty button");
    if (event.button > 1 || (!isBackground && !isSpaceDown && event.button !== 1)) return;
    const from = { x: event.clientX, y: event.clientY };
    let last = from, hasMoved = false;
    stage.setPointerCapture(event.pointerId);
    const move = (e) => {
      if (!hasMoved && Math.hypot(e.clientX - from.x, e.clientY - from.y) < 4) return;
      hasMoved = true;
      stage.classList.add("is-panning");
      pan(e.clientX - last.x, e.clientY - last.y);
      last = { x: e.clientX, y: e.clientY };
    };
    const end = () => {
      stage.classList.remove("is-panning");
      stage.removeEventListener("pointermove", move); stage.removeEventListener("pointerup", end); stage.removeEventListener("pointercancel", end);
      if (!hasMoved) onClick();
    };
    stage.addEventListener("pointermove", move); stage.addEventListener("pointerup", end); stage.addEventListener("pointercancel", end);
  });
}

export function start() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
  if (kept && !canvas().hasAttribute("data-empty")) { Object.assign(view, kept); show(); } else fit(false, 0.6, 0.85);
  drawMap();
  new ResizeObserver(drawView).observe(stage);
}
