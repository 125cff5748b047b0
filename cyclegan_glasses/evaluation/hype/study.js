"use strict";
const alone = JSON.parse($("#data").textContent);  // null where there is a server
const STEP = 10, LOW = 100, HIGH = 1000, FIRST = 500, MASKS = 5, MASK_MS = 30;
const INTRO = {
  criteria: ["Four questions", "You see a photograph and what a program made of it. Choose each sentence that is true of the result, then go on."],
  infinity: ["Real or made?", "You see one picture at a time. Half of them are photographs, half were made by a program. Take your time."],
  time: ["Real or made, quickly", "A picture is shown for a moment. Look at the cross, then say whether it was a photograph or was made by a program."],
};
let study = null, queue = [], place = 0, keys = {}, exposures = {}, shownAt = 0, task = "";
if (!alone) history.replaceState(null, "", "/");

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise((done) => requestAnimationFrame(done));
const store = { get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* a private window */ } } };

async function picture(name) {
  const image = element("img", { src: alone ? alone.pictures[name] : `/picture/${name}`, alt: "", draggable: false });
  await image.decode();
  return image;
}

function show(title, text, contents, choices, two = false) {
  $("#title").textContent = title; $("#text").textContent = text; $("#trouble").textContent = "";
  $("#stage").className = contents.length > 1 ? "" : "alone";
  $("#stage").replaceChildren(...contents);
  keys = {};
  $("#choices").className = two ? "two" : "";
  $("#choices").replaceChildren(...choices.map(([key, label, act, main]) => {
    const button = element("button", { type: "button", className: main ? "main" : "" }, element("kbd", { textContent: key === "Enter" ? "↵" : key }), label);
    button.addEventListener("click", () => act(button));
    keys[key.toLowerCase()] = () => act(button);
    return button;
  }));
}

function progress() {
  const all = study.items.length, done = all - queue.length + place;
  $("#where").textContent = study.rater; $("#count").textContent = `${done} of ${all}`;
  $("#progress").style.width = `${100 * done / all}%`;
}

async function save(item, value, more = {}) {
  const answer = { rater: study.rater, item: item.id, value, exposure: 0, shown: 0, seconds: (performance.now() - shownAt) / 1000, ...more };
  if (alone) {
    study.saved.push(answer);
    store.set(`study-${study.rater}`, JSON.stringify(study.saved));
    return;
  }
  await ask("/answer", answer);
}

function ready(item) {
  shownAt = performance.now();
  document.body.dataset.item = item.id;
}

async function record(item, value, more) {
  keys = {};
  document.body.dataset.item = "";
  for (;;) {
    try { await save(item, value, more); break; } catch (error) {
      $("#trouble").textContent = `Not saved yet, trying again. ${error.message}`;
      await pause(1500);
    }
  }
  if (item.task === "time") exposures[item.model] = next(exposures[item.model] ?? FIRST, Boolean(value[0]) === item.real);
  place += 1;
  step();
}

function next(exposure, right) { return Math.min(HIGH, Math.max(LOW, exposure + (right ? -STEP : 3 * STEP))); }

const REAL = (item, more) => [["F", "made by a program", () => record(item, [0], more())], ["J", "photograph", () => record(item, [1], more())]];

async function criteria(item) {
  const [before, after] = await Promise.all([picture(item.input), picture(item.picture)]);
  const chosen = [0, 0, 0, 0];
  const toggles = study.questions.map((question, n) => [String(n + 1), question, (button) => {
    chosen[n] = 1 - chosen[n]; button.setAttribute("aria-pressed", Boolean(chosen[n]));
  }]);
  show("What is true of the result?", "", [element("figure", {}, before, element("figcaption", { textContent: "photograph" })),
    element("figure", {}, after, element("figcaption", { textContent: "result" }))], [...toggles, ["Enter", "next", () => record(item, chosen), true]]);
  all("#choices button:not(.main)").forEach((button) => button.setAttribute("aria-pressed", false));
  ready(item);
}

async function infinity(item) {
  show("Photograph, or made by a program?", "", [await picture(item.picture)], REAL(item, () => ({})), true);
  ready(item);
}

function mask(image) {
  const canvas = element("canvas", { width: 128, height: 128 }), context = canvas.getContext("2d");
  const small = element("canvas", { width: 128, height: 128 }), tile = 8, places = [];
  small.getContext("2d").drawImage(image, 0, 0, 128, 128);
  for (let n = 0; n < 256; n++) places.push(n);
  for (let n = 255; n > 0; n--) { const other = Math.floor(Math.random() * (n + 1)); [places[n], places[other]] = [places[other], places[n]]; }
  places.forEach((from, to) => context.drawImage(small, (from % 16) * tile, (from >> 4) * tile, tile, tile, (to % 16) * tile, (to >> 4) * tile, tile, tile));
  return canvas;
}

async function time(item) {
  const image = await picture(item.picture), exposure = exposures[item.model] ?? FIRST;
  show("", "", [element("div", { id: "cross", textContent: "+" })], []);
  await pause(500);
  const masks = Array.from({ length: MASKS }, () => mask(image));
  await frame();
  $("#stage").replaceChildren(image);
  const begin = await frame();
  let now = begin;
  while (now - begin < exposure - 9) now = await frame();
  $("#stage").replaceChildren(masks[0]);
  const shown = (await frame()) - begin;
  for (const one of masks) { $("#stage").replaceChildren(one); await pause(MASK_MS); }
  show("Photograph, or made by a program?", "", [element("div", { id: "cross", textContent: "?" })], REAL(item, () => ({ exposure, shown })), true);
  ready(item);
}

async function step() {
  progress();
  const item = queue[place];
  if (!item) return thank();
  if (item.task !== task) {
    task = item.task;
    return show(...INTRO[task], [], [["Enter", "begin", step, true]]);
  }
  try { await { criteria, infinity, time }[item.task](item); } catch (error) {
    $("#trouble").textContent = `The picture cannot be shown (${error.message}): load the page again.`;
  }
}

function thank() {
  $("#progress").style.width = "100%";
  const saves = alone ? [["S", "save the answers", download, true]] : [];
  show("Thank you", alone ? "Save the answers and send the file back." : "Every answer is saved. You may close the page.", [], saves);
  document.body.dataset.done = "yes";
}

function download() {
  const blob = new Blob([JSON.stringify(study.saved)], { type: "application/json" });
  element("a", { href: URL.createObjectURL(blob), download: `answers-${study.rater}.json` }).click();
}

function begin(start) {
  study = start;
  study.saved = alone ? JSON.parse(store.get(`study-${study.rater}`) || "[]") : [];
  for (const answer of study.saved) study.answered[answer.item] = answer.value;
  for (const item of study.items) {
    if (item.task === "time" && item.id in study.answered) exposures[item.model] = next(exposures[item.model] ?? FIRST, Boolean(study.answered[item.id][0]) === item.real);
  }
  queue = study.items.filter((item) => !(item.id in study.answered));
  step();
}

function welcome() {
  const name = element("input", { value: store.get("study-rater") || `rater-${Math.random().toString(36).slice(2, 8)}`, maxLength: 40, pattern: "[\\w.\\-]{1,40}" });
  name.setAttribute("aria-label", "your pseudonym");
  const go = async () => {
    if (!name.checkValidity() || !name.value) return void ($("#trouble").textContent = "Letters, digits, '.', '_' and '-' only.");
    try {
      const start = await ask(`/plan?rater=${encodeURIComponent(name.value)}`);
      store.set("study-rater", name.value);
      begin(start);
    } catch (error) { $("#trouble").textContent = `The study cannot be loaded: ${error.message}`; }
  };
  show("Portraits: a study", "Your answers are kept under this pseudonym. Use the same one to go on another time.", [name], [["Enter", "begin", go, true]]);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const act = keys[event.key.toLowerCase()];
  if (!act || (event.target.matches("input") && event.key !== "Enter")) return;
  event.preventDefault();
  act();
});
if (alone) begin(alone); else welcome();
