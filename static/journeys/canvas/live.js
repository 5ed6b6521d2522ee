// Numbers as they change, over a WebSocket; asked for every few seconds while there is none.

const editor = document.getElementById("editor");
const numbers = new Intl.NumberFormat(document.documentElement.lang);
const isDraft = editor.dataset.status === "draft";
let poll = null, wait = 1000;

function showCounts(counts) {
  for (const [node, count] of Object.entries(counts)) {
    for (const name of ["entered", "waiting", "errors"]) {
      const badge = document.querySelector(`[data-count="${CSS.escape(node)}:${name}"]`);
      if (!badge) continue;
      const text = badge.querySelector(".n"), fresh = numbers.format(count[name]);
      if (name !== "entered") badge.hidden = !count[name];
      if (text.textContent === fresh) continue;
      text.textContent = fresh;
      badge.classList.remove("is-fresh"); void badge.offsetWidth; badge.classList.add("is-fresh");
    }
    for (const [outlet, count_] of Object.entries(count.outlets || {})) {
      const badge = document.querySelector(`[data-outlet-count="${CSS.escape(node)}:${CSS.escape(outlet)}"]`);
      if (badge) badge.textContent = numbers.format(count_);
    }
  }
}

function ask() {
  if (!isDraft && !document.hidden) htmx.ajax("GET", editor.dataset.countsUrl, { source: "#editor", swap: "none" }).catch(() => {});
}

export function watch(onNews) {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${editor.dataset.socket}`);
  socket.onopen = () => { wait = 1000; clearInterval(poll); poll = null; };
  socket.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.counts) showCounts(news.counts);
    onNews(news);
  };
  socket.onclose = (event) => {
    if (event.code === 4403 || event.code === 4404) return;
    poll ??= setInterval(ask, 5000);
    wait = Math.min(wait * 2, 30000);
    setTimeout(() => watch(onNews), wait);
  };
}
