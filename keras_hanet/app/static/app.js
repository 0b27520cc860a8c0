// The page: takes a file, asks the server, shows what it answers. Nothing is loaded from anywhere else.

import { outlineOf, readGrey } from "./outline.js";
import { Picture } from "./picture.js";
import { describePicture, factsOf, noteOn, summarise, tabulate, verdictOf } from "./words.js";

const MAX_BYTES = 64 * 2 ** 20;
const SETTLE_MS = 180; // how long a slider rests before the server measures anew
const ICONS = {
  warns: "M12 3 1.8 20.5h20.4zM12 9.5v5.5M12 17.8v.1",
  unknown: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 1 0 0-19zM12 11v6M12 7.2v.1",
  fine: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 1 0 0-19zM7.8 12.3l3 3 5.6-6.2",
};
const FILES = {
  "mask.png": "Mask (PNG)",
  "segmentation.dcm": "Segmentation (DICOM)",
  "measures.csv": "Measures (CSV)",
  "report.html": "Report (page)",
  "report.pdf": "Report (PDF)",
};

const at = (id) => document.getElementById(id);
const picture = new Picture(at("canvas"));
const state = { file: null, result: null, probability: null, settling: null };
const turns = { analysis: 0, measures: 0 };

// === Asking the server ===

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Error("The server does not answer. Is hanet app still running?");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.detail ?? `The server answered with ${response.status}.`);
}

const blobOf = async (url) => (await ask(url)).blob();

/** Analyse something; only the newest request counts, and its error becomes the sentence under the image. */
async function analyse(doing, url, options, file) {
  const turn = (turns.analysis += 1);
  const isNewest = () => turn === turns.analysis;
  at("error").textContent = "";
  setBusy(doing);
  try {
    await show(await (await ask(url, options)).json(), file, isNewest);
  } catch (error) {
    if (isNewest()) at("error").textContent = error.message;
  } finally {
    if (isNewest()) setBusy("");
  }
}

function setBusy(doing) {
  at("busy").hidden = !doing;
  at("doing").textContent = doing;
  at("drop").setAttribute("aria-busy", String(Boolean(doing)));
}

function analyseFile(file, frame = 0) {
  if (file.size > MAX_BYTES) {
    at("error").textContent = `${file.name}: expected at most 64 MiB, got more; crop or shorten it.`;
    return;
  }
  const form = new FormData();
  form.append("file", file);
  form.append("frame", frame);
  analyse(`Analysing ${file.name}`, "/api/analyse", { method: "POST", body: form }, file);
}

function analysePhantom() {
  analyse("Drawing and analysing a phantom", "/api/phantom", { method: "POST" }, null);
}

/** Ask for measures and mask at a threshold, null for the model's own. */
async function measure(threshold) {
  const turn = (turns.measures += 1);
  const { id } = state.result;
  try {
    const result = await (await ask(`/api/results/${id}${threshold === null ? "" : `?threshold=${threshold}`}`)).json();
    const mask = await readGrey(await blobOf(result.links["mask.png"]));
    if (turn === turns.measures && id === state.result.id) tell(result, mask);
  } catch (error) {
    if (id === state.result.id) at("error").textContent = error.message;
  }
}

/** Call a function once what is moved rests. */
function settle(work) {
  clearTimeout(state.settling);
  state.settling = setTimeout(work, SETTLE_MS);
}

// === Showing ===

async function show(result, file, isNewest) {
  const { links } = result;
  const blobs = await Promise.all(["image.png", "probability.png", "mask.png"].map((name) => blobOf(links[name])));
  const [image, ...maps] = await Promise.all([createImageBitmap(blobs[0]), readGrey(blobs[1]), readGrey(blobs[2])]);
  if (!isNewest()) return image.close();
  clearTimeout(state.settling);
  Object.assign(state, { file, probability: maps[0] });
  openBench();
  at("name").textContent = result.name;
  setThreshold(result.threshold, true);
  showFrames(result.frames);
  picture.show(image, result);
  tell(result, maps[1]);
}

/** Put away the invitation; who had pressed a button in it finds the same button above the image. */
function openBench() {
  const pressed = at("invitation").contains(document.activeElement) ? document.activeElement : null;
  at("invitation").hidden = true;
  at("drop").classList.remove("empty");
  at("promise").hidden = true;
  for (const id of ["bar", "controls", "details"]) at(id).hidden = false;
  if (pressed) at("bar").querySelector("phantom" in pressed.dataset ? "[data-phantom]" : "[data-choose]").focus();
}

/** Everything that follows the threshold. */
function tell(result, mask) {
  state.result = result;
  picture.result = result;
  picture.setOutline(outlineOf(mask, 128));
  at("canvas").setAttribute("aria-label", describePicture(result));
  at("summary").textContent = summarise(result);
  const { kind, words, flags } = verdictOf(result);
  at("verdict").classList.toggle("warns", kind === "warns");
  at("verdict-icon").setAttribute("d", ICONS[kind]);
  at("verdict-words").textContent = words;
  at("badge").hidden = kind !== "warns";
  at("badge-words").textContent = result.doubtful ? "Doubtful" : "Look twice";
  at("flags").replaceChildren(...flags.map((sentence) => make("li", sentence)));
  showTable(tabulate(result));
  at("measures-note").textContent = noteOn(result);
  at("facts").replaceChildren(...factsOf(result).map(toFact));
  const names = Object.keys(FILES).filter((name) => name in result.links);
  at("files").replaceChildren(...names.map((name) => toLink(name, result.links[name])));
}

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function showTable({ header, rows }) {
  at("measures").replaceChildren();
  if (!rows.length) return at("measures").append(make("caption", "Nothing to measure."));
  const head = document.createElement("tr");
  head.append(make("th", "Measure", { scope: "col" }), ...header.map((title) => make("th", title, { scope: "col" })));
  at("measures").createTHead().append(head);
  const body = at("measures").createTBody();
  for (const [title, ...cells] of rows) {
    const row = document.createElement("tr");
    row.append(make("th", title, { scope: "row" }), ...cells.map((cell) => make("td", cell)));
    body.append(row);
  }
}

function toFact([name, value]) {
  const pair = document.createElement("div");
  pair.append(make("dt", name), make("dd", value));
  pair.classList.toggle("wide", name === "Model");
  return pair;
}

function toLink(name, url) {
  const item = document.createElement("li");
  // The report is read in the browser; everything else is kept.
  const way = name === "report.html" ? { target: "_blank" } : { download: name };
  item.append(make("a", FILES[name], { href: url, ...way }));
  return item;
}

function showFrames({ num, index }) {
  at("frame-control").hidden = num < 2;
  at("frame").max = num - 1;
  at("frame").value = index;
  sayFrame();
}

// === Controls ===

function sayFrame() {
  const words = `${Number(at("frame").value) + 1} of ${Number(at("frame").max) + 1}`;
  at("frame-value").textContent = words;
  at("frame").setAttribute("aria-valuetext", words);
}

function setThreshold(value, isOwn) {
  at("threshold").value = value;
  const words = `${Number(value).toFixed(2)}${isOwn ? ", the model's own" : ""}`;
  at("threshold-value").textContent = words;
  at("threshold").setAttribute("aria-valuetext", words);
  at("reset").hidden = isOwn;
}

at("threshold").addEventListener("input", () => {
  const threshold = Number(at("threshold").value);
  const isOwn = Math.abs(threshold - state.result.model.threshold) < 0.005;
  setThreshold(threshold, isOwn);
  picture.setOutline(outlineOf(state.probability, Math.ceil(255 * threshold)));
  settle(() => measure(isOwn ? null : threshold));
});

at("reset").addEventListener("click", () => {
  setThreshold(state.result.model.threshold, true);
  at("threshold").focus();
  settle(() => measure(null));
});

at("opacity").addEventListener("input", () => {
  const percent = Number(at("opacity").value);
  sayOpacity(percent);
  picture.opacity = percent / 100;
  picture.draw();
});

function sayOpacity(percent) {
  at("opacity-value").textContent = percent ? `${percent} %` : "hidden";
  at("opacity").setAttribute("aria-valuetext", at("opacity-value").textContent);
}

at("frame").addEventListener("input", sayFrame);
at("frame").addEventListener("change", () => settle(() => analyseFile(state.file, Number(at("frame").value))));

// === Taking a file ===

function takeFiles(files) {
  if (files.length === 1) analyseFile(files[0]);
  else if (files.length > 1) at("error").textContent = `One image at a time, please: ${files.length} were given.`;
}

const onClick = (buttons, work) => {
  for (const button of document.querySelectorAll(buttons)) button.addEventListener("click", work);
};
onClick("[data-choose]", () => at("file").click());
onClick("[data-phantom]", analysePhantom);

at("file").addEventListener("change", () => {
  const files = [...at("file").files];
  at("file").value = ""; // the same file may be chosen again
  takeFiles(files);
});

document.addEventListener("paste", (event) => takeFiles([...event.clipboardData.files]));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  at("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) at("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  takeFiles([...event.dataTransfer.files]);
});

// === Start ===

sayOpacity(100);
ask("/api/model")
  .then((response) => response.json())
  .then(({ name, version }) => (at("version").textContent = `keras-hanet ${version}, ${name}`))
  .catch((error) => (at("error").textContent = error.message));
