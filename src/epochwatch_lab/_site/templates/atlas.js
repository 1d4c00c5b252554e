"use strict";
const byId = (id) => document.getElementById(id);
const spoken = (number) => number.toLocaleString("en");
const told = (value) => ({ null: "none", true: "yes", false: "no" })[value] ?? String(value);
const PAGE = 100; // rows shown at once
const SVG = "http://www.w3.org/2000/svg";
const GAP = 5; // pixels between two calls of fit

/** Make an element; text stays text, and what is false or null is left out. */
function make(tag, attributes = {}, ...children) {
  const element = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) element.setAttribute(name, value);
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

async function unpacked(name) {
  const text = atob(byId(`part-${name}`).textContent);
  byId(`part-${name}`).remove();
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** One cell: its values are looked up in the columns when they are asked for. */
class Cell {
  constructor(atlas, ranks) {
    Object.assign(this, { atlas, ranks });
  }

  get(column) {
    const { rank, values } = this.atlas.columns.get(column) ?? {};
    return values?.[this.ranks[rank]] ?? null;
  }

  get file() { return this.atlas.files[this.get("file")]; }
  get id() { return `${this.file.name}: ${this.get("name")}`; }
  get asked() { return this.get("name").slice(this.get("feed_name").length + 2); }
  get trained() { return this.get("cell.trained") ?? []; }
  get finding() { return this.get("cell.finding"); }

  /** What the filter of a name compares with. */
  filtered(name) {
    if (name === "backend") return [this.file.environment.backend];
    if (name === "keras") return [this.file.keras];
    if (name === "feed") return [this.get("cell.feed"), this.get("feed_name")];
    if (name === "finding") return this.finding ? [this.finding, "some"] : [];
    if (name === "verdict") return [this.get("verdict")];
    return [told(this.get(`cell.${name}`))];
  }

  get text() {
    const { verdict, rule } = this.get("cell.expected") ?? {};
    const told = [this.id, this.file.keras, this.get("cell.feed"), this.get("verdict"), verdict, rule, this.get("cell.raised"),
      this.finding, this.atlas.reproductions[this.finding], ...(this.get("cell.warnings") ?? [])];
    return (this.words ??= told.join("\n").toLowerCase());
  }

  /** The cell as it is in its file. */
  get record() {
    const record = {};
    for (const [name, { rank, values }] of this.atlas.columns) {
      const [first, key, part] = name.split(".");
      if (first !== "cell" || !(this.ranks[rank] >= 0)) continue;
      if (part) (record[key] ??= {})[part] = values[this.ranks[rank]];
      else record[key] = values[this.ranks[rank]];
    }
    return record;
  }
}

class Atlas {
  constructor({ columns, cells, ...about }) {
    Object.assign(this, about);
    this.columns = new Map(columns.map(([name, values], rank) => [name, { rank, values }]));
    this.cells = cells.map((ranks) => new Cell(this, ranks));
    this.cells.forEach((cell, place) => { cell.place = place; cell.rank = this.verdicts.indexOf(cell.get("verdict")); });
    const feeds = this.columns.get("feed_name").values;
    const keras = (cell) => cell.get("file"), feed = (cell) => feeds.indexOf(cell.get("feed_name"));
    const age = new Map(this.files.map((file) => [file.keras, 0]));
    [...age.keys()].forEach((name, rank) => age.set(name, rank));
    this.orders = { "": [(cell) => age.get(cell.file.keras), (cell) => cell.rank], verdict: [(cell) => cell.rank], feed: [feed, keras] };
  }

  /** Find what the state of the page asks for, in its order. */
  matching(state) {
    const words = (state.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.cells.filter((cell) => FILTERS.every((name) => !state.has(name) || cell.filtered(name).includes(state.get(name)))
      && TOGGLES.every((name) => !state.has(name) || cell.get(name))
      && words.every((word) => cell.text.includes(word)));
    const keys = this.orders[state.get("sort") ?? ""] ?? [];
    const compared = found.map((cell) => [...keys.map((key) => key(cell)), cell.place, cell]);
    compared.sort((a, b) => { const at = a.findIndex((value, i) => value !== b[i]); return a[at] - b[at]; });
    return compared.map((of) => of.at(-1));
  }
}

/** Say the order of batches in words, as ranges of those that follow each other. */
function spokenOrder(trained, rows) {
  const fits = trained.filter((fit) => fit.length);
  if (!fits.length) return "No batch was trained.";
  return fits.map((fit, f) => fit.map((epoch, e) => {
    const name = `${fits.length > 1 ? `fit ${f + 1}, ` : ""}epoch ${e + 1}`;
    const places = epoch.map((batch) => placeOf(batch, rows));
    if (places.includes(null)) return `${name}: ${epoch.length} batches of rows that do not follow each other`;
    const ranges = [];
    for (const place of places)
      if (ranges.length && ranges.at(-1)[1] + 1 === place) ranges.at(-1)[1] = place;
      else ranges.push([place, place]);
    return `${name}: batches ${ranges.map(([a, b]) => (a === b ? a : `${a} to ${b}`)).join(", ")}`;
  }).join("; ")).join("; ");
}

/** The rank of a batch in the feed, null where its rows are not a batch of the feed. */
function placeOf(batch, rows) {
  const place = batch[0] / rows;
  return Number.isInteger(place) && batch.length === rows && batch.every((row, i) => row === batch[0] + i) ? place : null;
}

/** Draw the order: a line an epoch, a square a batch, its rows in their colours. */
function drawn(trained, { colours, rows }, size = 9, numbers = false) {
  const pitch = size + 1, paths = {}, texts = [];
  let y = 0, widest = 1;
  for (const fit of trained.filter((fit) => fit.length)) {
    for (const epoch of fit) {
      epoch.forEach((batch, step) => {
        const whole = placeOf(batch, rows) !== null, parts = whole ? [batch[0]] : batch;
        parts.forEach((row, part) => {
          const height = size / parts.length;
          (paths[row % colours.length] ??= []).push(`M${step * pitch} ${y + part * height}h${size}v${height}h-${size}z`);
        });
        if (numbers && whole) texts.push(make("svg:text", { x: step * pitch + size / 2, y: y + size * 0.7, fill: colours[batch[0] % colours.length][1] }, String(batch[0] / rows)));
      });
      widest = Math.max(widest, epoch.length);
      y += pitch;
    }
    y += GAP;
  }
  const width = widest * pitch, height = Math.max(y - GAP, size);
  return make("svg:svg", { class: "order", role: "img", "aria-label": spokenOrder(trained, rows), width, height, viewBox: `-.5 -.5 ${width} ${height}` },
    Object.entries(paths).map(([row, path]) => make("svg:path", { fill: colours[row][0], d: path.join("") })),
    make("svg:g", { "aria-hidden": "true" }, texts));
}

const verdictMark = (name) => make("span", { class: `verdict v-${name.replace(" ", "-")}` }, name);
const FILTERS = [...document.querySelectorAll("#filters select:not(#sort)")].map((select) => select.name);
const TOGGLES = [...document.querySelectorAll("#filters [type=checkbox]")].map((box) => box.name);

/** The list of cells, its filters, and the address that says both. */
class Page {
  constructor(atlas) {
    this.atlas = atlas;
    this.form = byId("filters");
    this.state = new URLSearchParams();
    this.form.addEventListener("input", (event) => this.changed(event.target.name === "q"));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", () => setTimeout(() => this.changed(false)));
    addEventListener("popstate", () => this.read());
    byId("more").addEventListener("click", () => this.showMore());
    byId("close").addEventListener("click", () => byId("cell").close());
    byId("cell").addEventListener("close", () => this.closed());
    byId("cell").addEventListener("click", (event) => { if (event.target === byId("cell")) byId("cell").close(); });
    for (const id of ["filters", "list"]) byId(id).hidden = false;
    this.read();
  }

  /** Take the filters from the address; a name of a section there is not one of them. */
  read() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (state.size && ![...state.values()].some(Boolean)) return this.shown || this.show();
    for (const element of this.form.elements) {
      if (!element.name) continue;
      const value = state.get(element.name) ?? "";
      if (element.type === "checkbox") element.checked = value === "1";
      else element.value = value;
      if (element.tagName === "SELECT" && element.selectedIndex < 0) element.value = "";
    }
    this.show();
    this.open(state.get("cell"));
  }

  /** What the filters say now. */
  asked() {
    const state = new URLSearchParams();
    for (const { name, type, value, checked } of this.form.elements)
      if (name && (type === "checkbox" ? checked : value.trim())) state.set(name, type === "checkbox" ? "1" : value.trim());
    return state;
  }

  /** Put what is asked into the address: a step back is a step in the list. */
  changed(typing) {
    const state = this.asked();
    const into = typing && history.state === "typing" ? "replaceState" : "pushState";
    history[into](typing ? "typing" : "chosen", "", `#${state}`);
    this.show();
  }

  show() {
    const state = this.asked();
    if (this.shown === `${state}`) return;
    this.shown = `${state}`;
    this.found = this.atlas.matching(state);
    byId("rows").replaceChildren();
    const { length } = this.found, all = this.atlas.cells.length;
    byId("count").textContent = length === all ? `All ${spoken(all)} cells` : `${spoken(length)} of ${spoken(all)} cells`;
    byId("table").hidden = !length;
    this.showMore(false);
  }

  showMore(go = true) {
    const rows = byId("rows"), begin = rows.children.length;
    const next = this.found.slice(begin, begin + PAGE);
    rows.append(...next.map((cell) => this.row(cell)));
    const left = this.found.length - rows.children.length;
    byId("more").hidden = left <= 0;
    byId("more").textContent = `Show ${spoken(Math.min(left, PAGE))} more of ${spoken(left)}`;
    if (go) rows.children[begin].querySelector("a").focus();
  }

  address(cell) {
    const state = new URLSearchParams(this.shown);
    if (cell) state.set("cell", cell.id);
    return `#${state}`;
  }

  row(cell) {
    const td = (label, attributes, ...children) => make("td", { role: "cell", "data-label": label, ...attributes }, ...children);
    const answer = (label, column) => td(label, {}, cell.get(column) ?? "–");
    const expected = cell.get("disagrees") && make("small", {}, `expected: ${cell.get("cell.expected").verdict ?? "none"}`);
    const differs = cell.get("differs") && make("small", {}, "runs differed");
    const named = `${cell.get("feed_name")}, ${cell.asked}, ${cell.file.keras}, ${cell.file.environment.backend}`;
    return make("tr", { role: "row" },
      make("th", { role: "rowheader", scope: "row", "data-label": "Feed" }, cell.get("feed_name")),
      td("Keras", {}, cell.file.keras.replace(/^keras /, "")),
      td("Backend", {}, cell.file.environment.backend),
      td("Asked", { class: "asked" }, cell.asked.split(", ").map((part) => make("span", {}, part))),
      td("Verdict", {}, verdictMark(cell.get("verdict")), expected, differs),
      td("Lost", { class: cell.get("loses") ? "some" : null }, cell.get("loss") ?? "–"), answer("Variety", "variety"), answer("Measured", "measure"),
      td("Steps run", { class: "steps" }, cell.trained.filter((fit) => fit.length).map((fit) => make("span", {}, fit.map((epoch) => epoch.length).join(" ")))),
      td("Order", {}, drawn(cell.trained, this.atlas)),
      td("More", { class: "links" }, make("a", { href: this.address(cell), "aria-label": `Evidence: ${named}` }, "Evidence"), " ",
        this.reproduction(cell, named)));
  }

  reproduction(cell, named) {
    const name = cell.finding;
    const href = name ? `reproductions/${name}.html` : this.address(cell) + "&at=reproduce";
    return make("a", { href, "aria-label": `Reproduction: ${named}` }, "Reproduction");
  }

  /** Open the evidence of the cell that the address names, or close what is open. */
  open(id) {
    const dialog = byId("cell"), cell = id && this.atlas.cells.find((cell) => cell.id === id);
    this.cell = cell;
    if (!cell) return dialog.open && dialog.close();
    byId("cell-title").textContent = cell.get("name");
    byId("cell-body").replaceChildren(...evidence(cell));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    const at = new URLSearchParams(location.hash.slice(1)).get("at");
    const target = at === "reproduce" ? byId("reproduce") : byId("cell-title");
    target.focus();
    if (at) target.scrollIntoView();
  }

  closed() {
    if (this.cell) history.pushState("chosen", "", this.address(null));
    this.cell = null;
  }
}

/** All that is known of a cell. */
function evidence(cell) {
  const { atlas, file } = cell, expected = cell.get("cell.expected");
  const { colours, rows } = atlas, big = (trained) => drawn(trained, { colours, rows }, 19, true);
  const list = (pairs) => make("dl", { class: "facts" }, pairs.filter(([, value]) => value != null && value !== false)
    .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  const section = (title, ...children) => [make("h3", {}, title), ...children];
  const others = cell.get("cell.others") ?? [], warnings = cell.get("cell.warnings") ?? [];
  const [why, source] = atlas.rules[expected?.rule] ?? [];
  const agrees = { true: "as expected", false: "not as expected" }[expected?.agrees] ?? "not compared";
  const [samples, steps, batches, findings] = ["samples", "steps", "batches", "findings"].map((part) => cell.get(`cell.observed.${part}`));
  return [
    list([
      ["Order", [verdictMark(cell.get("verdict")), expected && ` (${agrees})`]],
      ["Lost", cell.get("loss") && `${cell.get("loss")} rows that as many steps reach`],
      ["Variety", cell.get("variety")],
      ["Measured", cell.get("measure")],
      ["Findings", findings && (findings.join(", ") || "none")],
      ["Expected", expected && [verdictMark(expected.verdict ?? "none"), ` by the rule “${expected.rule}”`, why && `: ${why}`, source && make("small", {}, source)]],
      ["Raised", cell.get("cell.raised")],
      ["Steps", steps && `${steps.asked ?? "?"} asked of each epoch; run: ${steps.run.join(", ")}`],
      ["Passed over", batches && `${batches.passed_over} batches`],
      ["Each row trained", samples && `${samples.exposures.min} to ${samples.exposures.max} times, of those trained at all`],
      ["Runs", cell.get("cell.runs") && (others.length ? `${cell.get("cell.runs")}, of which ${others.length} came out otherwise` : `${cell.get("cell.runs")}`)],
    ]),
    ...section("Order of the batches", big(cell.trained)),
    ...(others.length ? section("Other runs of the same", ...others.flatMap((other) => [other.raised && make("p", {}, other.raised), big(other.trained)])) : []),
    ...boundaries(cell),
    ...section("Warnings of Keras about the data", warnings.length ? make("ul", {}, warnings.map((warning) => make("li", {}, warning))) : make("p", {}, "None.")),
    make("h3", { id: "reproduce", tabindex: -1 }, "Reproduce it"),
    ...(cell.finding ? [make("p", {}, make("a", { href: `reproductions/${cell.finding}.html` }, atlas.reproductions[cell.finding]), ": Keras alone, explained.")] : []),
    make("p", {}, "This cell alone, observed again in a clone of epochwatch:"),
    make("pre", { tabindex: 0, "aria-label": "Commands" }, make("code", {}, commands(cell))),
    ...section("Observed on", list(Object.entries(file.environment).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]))),
    make("p", {}, make("a", { href: `atlas/${file.name}.json` }, `${file.name}.json`), `, line ${cell.get("line")}, is its record:`),
    make("details", {}, make("summary", {}, "The record"), make("pre", { tabindex: 0, "aria-label": "Record" }, make("code", {}, JSON.stringify(cell.record)))),
  ].filter(Boolean);
}

function boundaries(cell) {
  const all = cell.get("cell.observed.boundaries") ?? [];
  if (!all.length) return [];
  const header = ["After", "Trained last", "Trained next", "Verdict"];
  const td = (label, ...children) => make("td", { role: "cell", "data-label": label }, ...children);
  return [make("h3", {}, "Boundaries"), make("table", { role: "table", class: "boundaries" },
    make("caption", {}, "Rows of the batches on either side of each boundary"),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, header.map((name) => make("th", { role: "columnheader", scope: "col" }, name)))),
    make("tbody", { role: "rowgroup" }, all.map(({ after, verdict, last, first }) => make("tr", { role: "row" },
      make("th", { role: "rowheader", scope: "row", "data-label": "After" }, `fit ${after.fit}, epoch ${after.epoch}`),
      td("Trained last", last.join(", ")), td("Trained next", first.join(", ")), td("Verdict", verdict ? verdictMark(verdict) : "none")))))];
}

/** What to type to observe a cell again. */
function commands(cell) {
  const { environment } = cell.file, python = environment.python.split(".").slice(0, 2).join(".");
  const place = ".venv-cell", packages = environment.requires.map((one) => `'${one}'`).join(" ");
  return `uv venv --python ${python} ${place}
uv pip install --python ${place} ${packages}
echo '${cell.get("name")}' |
  EPOCHWATCH_KERAS=${environment.package} KERAS_BACKEND=${environment.backend} PYTHONPATH=src \\
  ${place}/bin/python -m epochwatch_lab._atlas.worker run`;
}

async function start() {
  byId("without").hidden = true;
  const begin = performance.now(), atlas = new Atlas(await unpacked("data"));
  new Page(atlas);
  requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.ready = Math.round(performance.now() - begin); })); // ms, painted
}

start().catch((error) => {
  byId("trouble").textContent = `The cells cannot be searched (${error}); the counts above and the files below are whole.`;
  byId("trouble").hidden = false;
  throw error;
});
