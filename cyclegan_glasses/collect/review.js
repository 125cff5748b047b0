"use strict";
const REASONS = ["not a face", "side view", "eyes not visible", "covered", "blurred", "frame cut off", "wrong or edited picture", "duplicate"];
const PAGE = 120;
const query = { verdict: "", label: "", reviewed: "", criterion: "", group: "", score: "", low: "", high: "", text: "", sort: "uncertainty" };
let ids = [], cards = new Map(), loaded = 0, current = 0, lastReason = "", generation = 0, loading = null;
history.replaceState(null, "", "/");

function notify(message, bad = false) {
  const toast = $("#toast");
  toast.textContent = message;
  toast.className = bad ? "seen bad" : "seen";
  clearTimeout(notify.timer);
  notify.timer = setTimeout(() => { toast.className = ""; }, bad ? 4000 : 1500);
}

function fill(card, photo) {
  card.className = `card ${photo.verdict}${photo.reviewed ? " reviewed" : ""}${card.classList.contains("current") ? " current" : ""}`;
  card.photo = photo;
  card.querySelector(".tag").textContent = photo.label || "no label";
  card.querySelector("p").textContent = photo.reason || photo.verdict || "not decided";
  card.title = photo.path;
}

function makeCard(photo, place) {
  const card = element("div", { className: "card" },
    element("img", { src: `/thumb/${photo.id}`, loading: "lazy", decoding: "async", alt: photo.path }),
    element("span", { className: "tag" }), element("span", { className: "done", textContent: "✓" }), element("p"));
  card.setAttribute("role", "option");
  fill(card, photo);
  card.addEventListener("click", () => move(place));
  card.addEventListener("dblclick", closer);
  return card;
}

function more() {
  loading ??= loadMore().catch((error) => notify(error.message, true)).finally(() => { loading = null; });
  return loading;
}

async function loadMore() {
  const wanted = ids.slice(loaded, loaded + PAGE), mine = generation;
  if (!wanted.length) return;
  const photos = await ask(`/photos?ids=${wanted.join(",")}`);
  if (mine !== generation) return;
  const batch = photos.map((photo, index) => makeCard(photo, loaded + index));
  batch.forEach((card) => cards.set(card.photo.id, card));
  $("#grid").append(...batch);
  if (!loaded && batch.length) batch[0].classList.add("current");
  loaded += batch.length;
}

async function search() {
  const mine = ++generation;
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  try {
    const found = await ask(`/list?${parameters}`);
    if (mine !== generation) return;
    ids = found;
  } catch (error) { return notify(error.message, true); }
  cards.clear(); loaded = 0; current = 0;
  if (loading) await loading;
  if (mine !== generation) return;
  $("#grid").replaceChildren();
  $("#main").scrollTop = 0;
  $("#count").textContent = `${ids.length.toLocaleString("en")} photos`;
  $("#end").replaceChildren(...(ids.length ? [] : [element("p", { className: "empty", textContent: "No photo fits these filters." })]));
  await more();
}

function chips(name, counts) {
  const rows = Object.entries(counts);
  if (query[name] && !(query[name] in counts)) rows.push([query[name], 0]);
  $(`[data-filter=${name}]`).replaceChildren(...rows.map(([value, count]) => {
    const chip = element("button", { textContent: value }, element("small", { textContent: count.toLocaleString("en") }));
    chip.setAttribute("aria-pressed", query[name] === value);
    chip.addEventListener("click", () => { query[name] = query[name] === value ? "" : value; chip.blur(); refresh(); search(); });
    return chip;
  }));
}

function choices(select, rows, chosen) {
  select.replaceChildren(...rows.map(([value, label]) => element("option", { value, textContent: label, selected: value === chosen })));
}

async function refresh() {
  let counts;
  try { counts = await ask("/counts"); } catch (error) { return notify(error.message, true); }
  chips("verdict", counts.verdict);
  chips("label", counts.label);
  chips("criterion", counts.criterion);
  chips("reviewed", { yes: counts.reviewed, no: counts.all - counts.reviewed });
  const groups = Object.entries(counts.group).flatMap(([name, values]) =>
    Object.entries(values).map(([value, count]) => [`${name}=${value}`, `${name}: ${value} (${count})`]));
  choices($("#group"), [["", "all"], ...groups], query.group);
  choices($("#score"), [["", "any"], ...counts.scores.map((name) => [name, name])], query.score);
  const orders = counts.scores.flatMap((name) => [[name, `${name}, lowest first`], [`-${name}`, `${name}, highest first`]]);
  choices($("#sort"), [["uncertainty", "uncertainty, highest first"], ["path", "path"], ...orders], query.sort);
  $("#reviewed").textContent = `${counts.reviewed.toLocaleString("en")} of ${counts.all.toLocaleString("en")} reviewed`;
  $("#progress").style.width = `${100 * counts.reviewed / Math.max(1, counts.all)}%`;
}

function card() { return cards.get(ids[current]); }

async function move(place) {
  place = Math.max(0, Math.min(ids.length - 1, place));
  while (place >= loaded && loaded < ids.length) await more();
  card()?.classList.remove("current");
  current = place;
  card()?.classList.add("current");
  card()?.scrollIntoView({ block: "nearest" });
  if (place + PAGE / 2 > loaded) more();
  if ($("#closer").open) showCloser();
}

async function decide(action, reason = "") {
  const photo = card()?.photo, place = current;
  if (!photo) return;
  try {
    const changed = await ask("/decide", { ids: [photo.id], action, reason });
    changed.forEach((one) => cards.has(one.id) && fill(cards.get(one.id), one));
    notify(action === "accept" ? "accepted" : action === "reject" ? `rejected: ${reason}` : action);
    refresh();
    if (place === current) move(current + 1);
  } catch (error) { notify(error.message, true); }
}

async function undo() {
  try {
    const changed = await ask("/undo", {});
    changed.forEach((one) => cards.has(one.id) && fill(cards.get(one.id), one));
    notify("taken back");
    const place = ids.indexOf(changed[0].id);
    if (place >= 0) move(place);
    refresh();
  } catch (error) { notify(error.message, true); }
}

function askReason() {
  if (!card()) return;
  $("#reason").value = "";
  $("#reasons").showModal();
  $("#reasons li button").focus();
}

function reject(reason) {
  $("#reasons").close();
  lastReason = reason;
  decide("reject", reason);
}

function showCloser() {
  const photo = card()?.photo;
  if (!photo) return;
  $("#closer img").src = `/large/${photo.id}`;
  $("#closer img").alt = photo.path;
  const rows = [["path", photo.path], ["label", photo.label || "unknown"], ["verdict", photo.verdict || "not decided"], ["reason", photo.reason],
    ["reviewed", photo.reviewed], ["uncertainty", photo.uncertainty.toFixed(2)], ["size", photo.size], ["source", photo.source], ["origin", photo.origin],
    ["licence", photo.licence], ...Object.entries(photo.group), ...Object.entries(photo.scores).map(([name, value]) => [name, String(value)])];
  $("#closer dl").replaceChildren(...rows.filter(([, value]) => value !== "").flatMap(([name, value]) =>
    [element("dt", { textContent: name }), element("dd", { textContent: value })]));
}

function closer() {
  if ($("#closer").open) return $("#closer").close();
  showCloser();
  if (card()) $("#closer").showModal();
}

function columns() { return getComputedStyle($("#grid")).gridTemplateColumns.split(" ").length; }

const KEYS = {
  a: () => decide("accept"), r: askReason, g: () => decide("glasses"), n: () => decide("none"), s: () => decide("sunglasses"),
  u: undo, " ": closer, "/": () => $("#text").focus(), ".": () => lastReason ? decide("reject", lastReason) : askReason(),
  ArrowLeft: () => move(current - 1), ArrowRight: () => move(current + 1),
  ArrowUp: () => move(current - columns()), ArrowDown: () => move(current + columns()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("#reasons").open) {
    const number = Number(event.key);
    if (document.activeElement !== $("#reason") && number >= 1 && number <= REASONS.length) { event.preventDefault(); reject(REASONS[number - 1]); }
    return;
  }
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || (event.key === " " && event.target.matches("button"))) return;
  event.preventDefault();
  action();
});

all("footer button").forEach((button) => button.addEventListener("click", () => { button.blur(); KEYS[button.dataset.key](); }));
$("#reasons ol").append(...REASONS.map((reason, index) => {
  const button = element("button", {}, element("kbd", { textContent: index + 1 }), ` ${reason}`);
  button.addEventListener("click", () => reject(reason));
  return element("li", {}, button);
}));
$("#reason").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.value.trim()) { event.preventDefault(); reject(event.target.value.trim()); }
});
for (const name of ["group", "score", "sort"]) $(`#${name}`).addEventListener("change", (event) => { query[name] = event.target.value; event.target.blur(); search(); });
for (const name of ["low", "high", "text"]) {
  let timer;
  $(`#${name}`).addEventListener("input", (event) => {
    query[name] = event.target.value.trim();
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  });
}
new IntersectionObserver((entries) => { if (entries[0].isIntersecting) more(); }, { root: $("#main"), rootMargin: "1200px" }).observe($("#end"));
refresh();
search();
