// What the pages do beyond plain HTML: shortcuts, the picture viewer, and lines that light their box.
"use strict";

document.documentElement.classList.add("scripted");

// --- the picture viewer ------------------------------------------------------------------------

class Viewer {
  constructor(figure) {
    this.stage = figure.querySelector(".stage");
    this.sheets = [...figure.querySelectorAll(".sheet")];
    this.scale = 1; this.turns = 0; this.x = 0; this.y = 0;
    for (const sheet of this.sheets) {
      const picture = sheet.querySelector("img");
      const ready = () => { this.measure(sheet, picture); this.fit(); };
      if (picture.complete && picture.naturalWidth) ready();
      else picture.addEventListener("load", ready);
    }
    figure.querySelectorAll("[data-tool]").forEach((button) =>
      button.addEventListener("click", () => this.use(button.dataset.tool)));
    figure.querySelectorAll("[data-page]").forEach((button) =>
      button.addEventListener("click", () => this.show(Number(button.dataset.page), figure)));
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("dblclick", (event) => this.zoom(2, event.offsetX, event.offsetY));
    this.drag();
    new ResizeObserver(() => this.fit()).observe(this.stage);
  }

  // Boxes are in the upright picture's pixels, which only the loaded picture can tell.
  measure(sheet, picture) {
    sheet.style.width = `${picture.naturalWidth}px`;
    sheet.querySelector("svg").setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
  }

  get sheet() { return this.sheets.find((sheet) => !sheet.hidden); }

  size() {
    const picture = this.sheet.querySelector("img");
    const [wide, high] = [picture.naturalWidth || 1, picture.naturalHeight || 1];
    return this.turns % 2 ? [high, wide] : [wide, high];
  }

  fit() {
    const [wide, high] = this.size();
    const { clientWidth, clientHeight } = this.stage;
    this.scale = Math.min(clientWidth / wide, clientHeight / high);
    this.x = (clientWidth - wide * this.scale) / 2;
    this.y = (clientHeight - high * this.scale) / 2;
    this.place();
  }

  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const scale = Math.min(8, Math.max(0.02, this.scale * factor));
    this.x = x - (x - this.x) * (scale / this.scale);
    this.y = y - (y - this.y) * (scale / this.scale);
    this.scale = scale;
    this.place();
  }

  place() {
    const [wide, high] = this.size();
    // A quarter turn about the corner leaves the frame; these bring it back.
    const [back, down] = [[0, 0], [wide, 0], [wide, high], [0, high]][this.turns];
    this.sheet.style.transform =
      `translate(${this.x + back * this.scale}px, ${this.y + down * this.scale}px) ` +
      `rotate(${this.turns * 90}deg) scale(${this.scale})`;
  }

  use(tool) {
    if (tool === "in") this.zoom(1.4);
    else if (tool === "out") this.zoom(1 / 1.4);
    else if (tool === "turn") { this.turns = (this.turns + 1) % 4; this.fit(); }
    else this.fit();
  }

  show(number, figure) {
    this.sheets.forEach((sheet, place) => { sheet.hidden = place !== number; });
    figure.querySelectorAll("[data-page]").forEach((button) =>
      button.setAttribute("aria-pressed", String(Number(button.dataset.page) === number)));
    this.fit();
  }

  key(event) {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.x += steps[event.key][0];
    this.y += steps[event.key][1];
    this.place();
  }

  // A plain wheel scrolls the page; with Ctrl, or a pinch, it zooms where the pointer is.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = this.stage.getBoundingClientRect();
    this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - frame.left, event.clientY - frame.top);
  }

  drag() {
    let from = null;
    this.stage.addEventListener("pointerdown", (event) => {
      from = [event.clientX - this.x, event.clientY - this.y];
      this.stage.setPointerCapture(event.pointerId);
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (!from) return;
      this.x = event.clientX - from[0];
      this.y = event.clientY - from[1];
      this.place();
    });
    for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, () => { from = null; });
  }
}

const viewers = [...document.querySelectorAll("[data-viewer]")].map((figure) => new Viewer(figure));

// --- a line and its box light up together ------------------------------------------------------

function light(key, on) {
  document.querySelectorAll(`.case-picture [data-key="${key}"], [data-hover="${key}"]`).forEach((found) =>
    found.classList.toggle("lit", on));
}

for (const line of document.querySelectorAll("[data-hover]")) {
  for (const [event, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
    line.addEventListener(event, () => light(line.dataset.hover, on));
  }
}
for (const box of document.querySelectorAll(".case-picture rect[data-key]")) {
  box.addEventListener("mouseenter", () => light(box.dataset.key, true));
  box.addEventListener("mouseleave", () => light(box.dataset.key, false));
}

// --- many cases at once ------------------------------------------------------------------------

// The list is exchanged when a filter changes, so its boxes are found anew at every change.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.many");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=chosen]")];
  if (event.target.matches("[data-choose-all]")) boxes.forEach((box) => { box.checked = event.target.checked; });
  const chosen = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-many]").classList.toggle("on", chosen > 0);
  form.querySelector("[data-chosen-count]").textContent = String(chosen);
  // A reason to refuse is no reason to approve.
  const decision = form.querySelector("select[name=preset]").selectedOptions[0]?.dataset.decision;
  form.querySelectorAll("button[name=decision]").forEach((button) => {
    button.disabled = decision !== undefined && button.value !== decision;
  });
});

// --- shortcuts ---------------------------------------------------------------------------------

function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.classList.contains("current"));
  const next = Math.min(rows.length - 1, Math.max(0, now + step));
  rows.forEach((row, place) => row.classList.toggle("current", place === next));
  rows[next].querySelector("a").focus();
}

function dialogOf(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

function openCorrections() {
  const details = document.querySelector("[data-correct]");
  if (!details) return;
  details.open = true;
  details.querySelector("select, input:not([type=hidden])").focus();
}

const keys = {
  c: openCorrections,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  a: () => document.querySelector("[data-focus=a] input")?.focus(),
  r: () => document.querySelector("[data-focus=r] input")?.focus(),
  x: () => document.querySelector("tr.current input[type=checkbox]")?.click(),
  t: () => viewers[0]?.use("turn"),
  "+": () => viewers[0]?.use("in"),
  "=": () => viewers[0]?.use("in"),
  "-": () => viewers[0]?.use("out"),
  0: () => viewers[0]?.use("fit"),
  "?": () => dialogOf("shortcuts"),
};

// A key that decides, held or pressed twice, must not decide what the next page shows before anybody saw it.
const ARMED_AFTER_MS = 800;
setTimeout(() => document.documentElement.classList.add("armed"), ARMED_AFTER_MS);
// These take a case, give it back or leave it: nothing that ends one.
const HARMLESS = new Set(["n", "h", "q"]);
const armed = () => document.documentElement.classList.contains("armed");

// Sent once: a second press would be answered that the case is decided.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
// A page that the browser brings back from memory may be sent again.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("select, textarea, input:not([type=radio], [type=checkbox])");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const named = document.querySelector(`button[data-key="${CSS.escape(event.key)}"], a[data-key="${CSS.escape(event.key)}"]`);
  if (named) {
    event.preventDefault();
    if (!event.repeat && (HARMLESS.has(event.key) || armed())) named.click();
  } else if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});

// Arrow keys move between the days of a calendar, as they do in every other.
document.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const here = event.target.closest("[data-calendar] [data-day]");
  if (!here || !(event.key in steps)) return;
  const days = [...here.closest("[data-calendar]").querySelectorAll("[data-day]")];
  const next = days[days.indexOf(here) + steps[event.key]];
  if (next) { event.preventDefault(); next.focus(); }
});

document.addEventListener("click", (event) => {
  const closed = event.target.closest("[data-closes]")?.closest("section");
  if (closed) { closed.replaceChildren(); closed.classList.remove("card"); }
  // Anywhere on a row opens its case, unless something of its own was meant.
  const row = event.target.closest("tr[data-row]");
  if (row && !event.target.closest("a, input, .choose") && !String(getSelection())) row.querySelector("a").click();
  const opener = event.target.closest("[data-opens]");
  if (opener) dialogOf(opener.dataset.opens);
});
