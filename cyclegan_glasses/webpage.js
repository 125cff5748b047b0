"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// The JSON that the local server answers: to a GET, or with a body to a POST that carries the page's token.
async function ask(address, body) {
  const headers = { "X-Page-Token": $("meta[name=token]").content, "Content-Type": "application/json" };
  const options = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(address, options).catch(() => {
    throw new Error("The server has stopped. What was saved until now is kept: start the command again.");
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// A small picture is enlarged so many times at most.
const MOST = 6;

// A click enlarges a picture; left and right walk along a row, up and down to the same place of another row.
function viewer(dialog) {
  const [image, text] = [$("img", dialog), $("p", dialog)];
  let current = null;

  const show = (link) => {
    if (!link) return;
    current = link;
    image.src = link.href;
    image.alt = text.textContent = link.dataset.text;
    if (!dialog.open) dialog.showModal();
  };
  const step = (by) => {
    const row = all("a.picture", current.closest("[data-row]"));
    show(row[(row.indexOf(current) + by + row.length) % row.length]);
  };
  const jump = (by) => {
    const rows = all("[data-row]").filter((row) => $("a.picture", row));
    const here = current.closest("[data-row]");
    const place = all("a.picture", here).indexOf(current);
    const there = rows[rows.indexOf(here) + by];
    if (there) show(all("a.picture", there)[place]);
  };

  image.addEventListener("load", () => {
    image.style.maxWidth = `${MOST * image.naturalWidth}px`;
    image.style.maxHeight = `${MOST * image.naturalHeight}px`;
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.picture");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest(".previous")) step(-1);
    else if (event.target.closest(".next")) step(1);
    else dialog.close();
  });
  dialog.addEventListener("close", () => current && current.focus());
  document.addEventListener("keydown", (event) => {
    const keys = { ArrowLeft: [step, -1], ArrowRight: [step, 1], ArrowUp: [jump, -1], ArrowDown: [jump, 1] };
    if (!dialog.open || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key][0](keys[event.key][1]);
  });

  // A page of a running training follows it, but never while a picture is being looked at.
  const seconds = Number(document.body.dataset.refresh || 0);
  if (seconds > 0) {
    setInterval(() => dialog.open || document.hidden || location.reload(), seconds * 1000);
  }
}
if ($("dialog.viewer")) viewer($("dialog.viewer"));

// Put the cards of a section in another order.
all("select[data-sorts]").forEach((select) => {
  const cards = document.getElementById(select.dataset.sorts);
  const byName = [...cards.children];
  const gain = (card) => (card.dataset.gain === undefined ? Infinity : Number(card.dataset.gain));
  select.addEventListener("change", () => {
    const sign = { worst: 1, best: -1 }[select.value] || 0;
    const known = byName.filter((card) => Number.isFinite(gain(card)));
    const rest = byName.filter((card) => !Number.isFinite(gain(card)));
    known.sort((a, b) => sign * (gain(a) - gain(b)));
    cards.append(...(sign ? [...known, ...rest] : byName));
  });
});
