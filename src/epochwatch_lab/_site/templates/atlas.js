"use strict";
const byId = (id) => document.getElementById(id);
const spoken = (number) => number.toLocaleString("en");
const plainly = (value) => ({ null: "none", true: "yes", false: "no" })[value] ?? String(value);
const PAGE = 60; // rows shown at once
const SVG = "http://www.w3.org/2000/svg";
const GAP = 5; // pixels between two calls of fit
const NUMERIC = new Intl.Collator("en", { numeric: true });
const CHOSEN = "choose="; // in the address, before the cell that the picker shows

/** Make an element; text stays text, and what is false or null is left out. */
function make(tag, attributes = {}, ...children) {
  const element = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) element.setAttribute(name, value);
  element.append(...children.flat(2).filter((child) => child != null && child !== false));
  return element;
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** One cell: where it was observed, how fit was called, and what came of it. */
class Cell {
  constructor(atlas, [file, way, outcome, order, expectation, remedy, shownBy]) {
    this.file = atlas.files[file];
    this.way = atlas.ways[way];
    this.outcome = atlas.outcomes[outcome];
    this.outcomeRank = outcome;
    this.order = atlas.orders[order];
    [this.expected, this.rule] = atlas.expectations[expectation];
    this.remedy = remedy >= 0 ? atlas.remedies[remedy] : null;
    this.shownBy = shownBy;
    this.rank = atlas.verdicts.indexOf(this.outcome.verdict);
  }

  get address() { return `${this.file.prefix.join("/")}/${this.way.address}`; }
  get axes() { return AXIS_NAMES.map((name) => AXES[name](this)); }
  get call() { return this.way.call.join(", "); }
}

// What is filtered by: a name in the page's address, a label, and the values of a cell.
const FILTERS = [
  ["act", "What is done", (cell) => [cell.way.act]],
  ["feed", "Feed", (cell) => [cell.way.kind, cell.way.feed]],
  ["keras", "Keras", (cell) => [cell.file.keras]],
  ["backend", "Backend", (cell) => [cell.file.backend]],
  ["verdict", "What happens", (cell) => [cell.outcome.verdict]],
  ["found", "Found by the audit", (cell) => (cell.outcome.findings.length ? cell.outcome.findings : ["nothing"])],
  ["steps", "steps_per_epoch", (cell) => [plainly(cell.way.steps)]],
  ["fits", "Calls of fit", (cell) => [plainly(cell.way.fits)]],
  ["seeded", "set_random_seed", (cell) => [plainly(cell.way.seeded)]],
  ["validation", "Validation data", (cell) => [plainly(cell.way.validation)]],
  ["execution", "steps_per_execution", (cell) => [plainly(cell.way.execution)]],
  ["finding", "Reproduction", (cell) => [cell.outcome.finding ?? "none"]],
];
const TOGGLES = [
  ["loses", "Rows lost", (cell) => cell.outcome.loses],
  ["silent", "Keras does not warn", (cell) => cell.outcome.findings.length > 0 && !cell.outcome.warned],
  ["disagrees", "Not as expected", (cell) => cell.outcome.agrees === false],
  ["differ", "Runs differed", (cell) => cell.outcome.differ],
];
// What cells of one row may differ in, the first merged first.
const MERGED = ["validation", "execution", "backend", "keras", "feed", "seeded"];
const AXES = {
  validation: (cell) => plainly(cell.way.validation),
  execution: (cell) => plainly(cell.way.execution),
  backend: (cell) => cell.file.backend,
  keras: (cell) => cell.file.keras,
  feed: (cell) => cell.way.feed,
  seeded: (cell) => plainly(cell.way.seeded),
  call: (cell) => cell.call, // never merged
};
const AXIS_NAMES = Object.keys(AXES);

class Atlas {
  constructor(data) {
    Object.assign(this, data);
    this.cells = data.cells.map((ranks) => new Cell(this, ranks));
    this.cells.forEach((cell, place) => { cell.place = place; });
    this.byAddress = new Map(this.cells.map((cell) => [cell.address, cell]));
    this.words = new Map();
  }

  /** Text of a part of a cell, for the search; parts are shared by many cells. */
  textOf(part) {
    if (!this.words.has(part)) {
      const { keras, backend, prefix, address, name, act, family, length, verdict, findings, raised, warnings, says, finding } = part;
      const page = this.reproductions[finding] ?? {};
      const words = [keras, backend, prefix, address, name, act === "fit" ? "" : act, this.acts[act], family, length, verdict, findings,
        raised, warnings, says, finding, page.title, page.symptoms, page.related];
      this.words.set(part, words.flat(2).join("\n").toLowerCase());
    }
    return this.words.get(part);
  }

  /** What a search asks for: of each term, the texts of which one must occur. */
  terms(query) {
    let rest = query.toLowerCase().trim();
    const terms = [];
    const known = Object.keys(this.synonyms).sort((a, b) => b.length - a.length);
    for (const phrase of known) {
      const at = ` ${rest} `.search(new RegExp(`[\\s"']${phrase.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(s|es|ed)?[\\s"'.,]`));
      if (at < 0) continue;
      const end = rest.indexOf(phrase, Math.max(0, at - 1)) + phrase.length;
      const whole = rest.slice(end).match(/^\w*/)[0];
      rest = rest.slice(0, end - phrase.length) + " " + rest.slice(end + whole.length);
      terms.push([phrase, ...this.synonyms[phrase]]);
    }
    return [...rest.split(/\s+/).filter((word) => word && !this.stop_words.includes(word)).map((word) => [word]), ...terms];
  }

  /** The cells that have all terms, part by part. */
  searched(terms) {
    const parts = (cell) => [cell.file, cell.way, cell.outcome];
    const having = terms.map((texts) => {
      const answers = new Map();
      const has = (part) => {
        if (!answers.has(part)) answers.set(part, texts.some((text) => this.textOf(part).includes(text)));
        return answers.get(part);
      };
      return (cell) => parts(cell).some(has) || texts.some((text) => (cell.rule ?? "").toLowerCase().includes(text));
    });
    return this.cells.filter((cell) => having.every((has) => has(cell)));
  }

  /** Reproductions whose pages have all terms. */
  pages(terms) {
    return Object.entries(this.reproductions).filter(([name, page]) => {
      const text = [name, ...Object.values(page).flat()].join("\n").toLowerCase();
      return terms.length && terms.every((texts) => texts.some((one) => text.includes(one)));
    });
  }
}

/** Put cells of one outcome into rows: a row has every combination of its values, and no other. */
function rowsOf(cells) {
  let rows = cells.map((cell) => ({ outcome: cell.outcome, keys: [cell.outcomeRank, ...cell.axes], sets: {}, cells: [cell] }));
  for (const axis of MERGED) {
    const at = 1 + AXIS_NAMES.indexOf(axis), merged = new Map();
    for (const row of rows) {
      const own = row.keys[at];
      row.keys[at] = "";
      const key = row.keys.join("\n"), into = merged.get(key);
      if (into) { into.own.add(own); into.row.cells.push(...row.cells); } else merged.set(key, { row, own: new Set([own]) });
    }
    // A set of values is compared as text, whatever their order.
    rows = [...merged.values()].map(({ row, own }) => { row.keys[at] = [...own].sort().join("|"); return row; });
  }
  for (const row of rows) for (const axis of MERGED) row.sets[axis] = [...new Set(row.cells.map(AXES[axis]))];
  return rows;
}

/** Read the batches of an epoch: a number is a batch as the feed has it, else the rows are listed. */
function batchesOf(text, rows) {
  return (text.match(/\([\d,]*\)|[\d-]+/g) ?? []).flatMap((part) => {
    if (part[0] === "(") return [{ rows: part.slice(1, -1).split(",").filter(Boolean).map(Number) }];
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => ({ number: first + i, rows: Array.from({ length: rows }, (_, row) => (first + i) * rows + row) }));
  });
}

/** Draw epochs: a line each, a square a batch, its rows in their colours. */
function drawn(lines, { colours, rows }, batches, size = 9, numbers = false) {
  const pitch = size + 1, paths = {}, texts = [];
  const shade = (row) => Math.floor((row % (batches * rows)) / (batches * rows) * colours.length);
  let y = 0, widest = 1;
  for (const line of lines) {
    if (line === null) { y += GAP; continue; }
    const epoch = batchesOf(line, rows);
    epoch.forEach((batch, step) => {
      const parts = batch.number != null ? [batch.rows[0]] : batch.rows;
      parts.forEach((row, part) => {
        const height = size / parts.length;
        (paths[shade(row)] ??= []).push(`M${step * pitch} ${y + part * height}h${size}v${height}h-${size}z`);
      });
      if (numbers) parts.forEach((row, part) => {
        const place = { x: step * pitch + size / 2, y: y + (part + 0.5) * size / parts.length, fill: colours[shade(row)][1], class: batch.number == null && "row" };
        texts.push(make("svg:text", place, String(batch.number ?? row)));
      });
    });
    widest = Math.max(widest, epoch.length);
    y += pitch;
  }
  const width = widest * pitch, height = Math.max(y, size);
  return make("svg:svg", { class: "order", role: "img", width, height, viewBox: `-.5 -.5 ${width} ${height}` },
    Object.entries(paths).map(([rank, path]) => make("svg:path", { fill: colours[rank][0], d: path.join("") })),
    make("svg:g", { "aria-hidden": "true" }, texts));
}

/** A line of batches in words. */
const inWords = (line) => (line ? `batches ${line.split(" ").map((part) => part.replace("-", " to ").replaceAll(",", " and ")).join(", ")}` : "no batch");
const lineName = (unit, number) => (unit ? `${unit} ${number + 1}` : "steps");

/** The whole order as one small picture. */
function smallOrder(cell, atlas) {
  const lines = cell.order.flatMap(([, , part], i) => (i ? [null, ...part] : part));
  const picture = drawn(lines, atlas, cell.way.batches);
  const label = cell.order.flatMap(([title, unit, part]) => part.map((line, i) => `${title && `${title}, `}${lineName(unit, i)}: ${inWords(line)}`));
  picture.setAttribute("aria-label", label.join("; ") || "Nothing was trained.");
  return picture;
}

/** The order line by line, with the numbers of the batches. */
function bigOrder(order, cell, atlas) {
  return make("div", { class: "lines" }, order.map(([title, unit, part]) => [
    title && make("h4", {}, title),
    (part.length ? part : [""]).map((line, i) => {
      const picture = drawn([line], atlas, cell.way.batches, 19, true);
      picture.setAttribute("aria-label", inWords(line));
      return [make("span", { class: "name" }, lineName(unit, i)), line ? picture : make("span", {}, "nothing")];
    }),
  ].flat(2)));
}

const verdictMark = (name) => make("span", { class: `verdict v-${name.replace(",", "").replaceAll(" ", "-")}` }, name);
const releases = (names) => names.map((name) => name.replace(/^Keras /, "")).join(", ");
const link = (href, ...text) => make("a", { href }, ...text);
const pageOf = (name, title) => link(`../reproductions/${name}.html`, title);

/** What a cell means for somebody who calls fit so: the order, the remedy, the way on. */
function answer(cell, atlas) {
  const { outcome, way } = cell, isDrawn = cell.order.some(([, , part]) => part.length);
  const note = `A square is a batch, its number its place in the feed. Where rows are drawn one by one, it has their numbers.${outcome.shuffled ? " Of an order that is drawn there are three epochs." : ""}`;
  const harms = outcome.findings.length || outcome.raised || outcome.finding;
  const more = [
    ...(harms ? remedies(cell, atlas) : []),
    ...(cell.rule && way.explain ? [make("p", {}, "The same prediction from Keras’ source, for numbers of your own:"),
      make("pre", { tabindex: 0, "aria-label": "Command" }, make("code", {}, `${way.explain} ${cell.file.explain}`))] : []),
  ];
  return make("div", { class: "columns" },
    make("div", {}, make("h3", {}, "The batches, epoch by epoch"),
      isDrawn ? bigOrder(cell.order, cell, atlas) : make("p", {}, "Nothing was trained."), isDrawn && make("p", { class: "note" }, note)),
    more.length && make("div", {}, make("h3", {}, harms ? "What to do" : "See it yourself"), more));
}

/** What to change, and where it is explained. */
function remedies({ outcome, remedy, shownBy, way }, atlas) {
  const page = atlas.reproductions[outcome.finding], shown = remedy && atlas.cells[shownBy];
  if (shown) {
    return [make("p", {}, remedy[0]),
      make("pre", { tabindex: 0, "aria-label": "Code to paste" }, make("code", {}, remedy[1])),
      make("p", {}, "Seen to work: ", link(`#${shown.address}`, shown.way.address)), ...explained(page, outcome.finding)];
  }
  if (page) return [make("p", {}, `Proposed fix: ${page.fix}`), ...explained(page, outcome.finding)];
  if (way.act === "restore") return [make("p", {}, link("../guide/resume.html", "epochwatch.resumable"), " goes on with the batch that was next.")];
  return [make("p", {}, "The atlas shows no change of this call that helps. ", link("../guide/what_do_you_see.html", "What do you see?"), " goes by what is on your screen.")];
}

const explained = (page, name) => (page ? [make("p", {}, "Why, and a script that shows it: ", pageOf(name, page.title))] : []);

// Findings that no verdict names.
const BESIDE = ["alike", "loses", "unmeasured"];
const said = ({ outcome }) => [
  [outcome.verdict, ...outcome.findings.filter((name) => BESIDE.includes(name))].map((name) => [verdictMark(name), " "]),
  outcome.says.join(" "),
].flat(2);

/** Six choices that lead to a cell; what leads nowhere is not offered. */
class Picker {
  constructor(atlas) {
    this.atlas = atlas;
    this.axes = atlas.picks.axes.map((axis, i) => {
      const select = make("select", { id: `pick-${i}` });
      select.addEventListener("change", () => this.changed());
      const label = make("label", { for: `pick-${i}` }, axis.label), note = make("small", { id: `picked-${i}` });
      select.setAttribute("aria-describedby", note.id);
      const field = make("div", { class: "field" }, label, select, note);
      byId("picker").append(field);
      // Numbers of steps go up; all others are as the atlas has them.
      const order = axis.values.map((_, value) => value);
      if (axis.label === "steps_per_epoch") order.sort((a, b) => NUMERIC.compare(axis.values[a], axis.values[b]));
      return { ...axis, select, field, note, order };
    });
    byId("picker").hidden = false;
    byId("picker").addEventListener("submit", (event) => event.preventDefault());
    const first = atlas.cells.find((cell) => cell.way.address === "generator/steps=3");
    if (!this.take(first)) this.show(this.atlas.picks.rows[0].slice(0, -1));
  }

  /** Be set to a cell; false where the choices lead to no such cell. */
  take(cell) {
    const row = cell && this.atlas.picks.rows.find((one) => one.at(-1) === cell.place);
    if (row) this.show(row.slice(0, -1));
    return Boolean(row);
  }

  /** What the address says of the choice. */
  get hash() { return `#${CHOSEN}${this.cell.address}`; }

  changed() {
    this.show(this.axes.map(({ select }) => Number(select.value)), true);
    // One that walks through many choices asks for the last alone.
    clearTimeout(this.asked);
    this.asked = setTimeout(() => history.replaceState("chosen", "", this.hash));
  }

  /** Offer what the choices above leave, show the cell that all of them lead to, and say what could not stay. */
  show(chosen, isChanged = false) {
    let rows = this.atlas.picks.rows;
    this.axes.forEach((axis, i) => {
      const offered = new Set(rows.map((row) => row[i])), left = axis.order.filter((value) => offered.has(value));
      // A number of steps is told with its pass, and is the same with another.
      const wanted = chosen[i], told = (value) => axis.values[value].match(/^\d+|^.*/)[0];
      const same = left.includes(wanted) ? wanted : left.find((value) => told(value) === told(wanted));
      chosen[i] = same ?? left[0];
      axis.note.textContent = isChanged && same === undefined ? `was: ${axis.values[wanted]}` : "";
      axis.select.replaceChildren(...left.map((value) => make("option", { value, selected: value === chosen[i] }, axis.values[value])));
      axis.field.hidden = axis.values.length === 1;
      rows = rows.filter((row) => row[i] === chosen[i]);
    });
    const cell = this.cell = this.atlas.cells[rows[0].at(-1)];
    byId("said").replaceChildren(...said(cell));
    byId("answer").replaceChildren(answer(cell, this.atlas),
      make("p", {}, "The cell: ", link(`#${cell.address}`, cell.address)));
  }
}

/** The list of cells, its filters, and the address that says both. */
class Page {
  constructor(atlas, picker) {
    this.atlas = atlas;
    this.picker = picker;
    this.form = byId("filters");
    this.makeFilters();
    this.form.addEventListener("input", (event) => this.changed(event.target.name === "q"));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", () => setTimeout(() => this.changed(false)));
    addEventListener("popstate", () => this.read());
    byId("more").addEventListener("click", () => this.showMore());
    byId("close").addEventListener("click", () => byId("cell").close());
    byId("cell").addEventListener("close", () => this.closed());
    byId("cell").addEventListener("click", (event) => { if (event.target === byId("cell")) byId("cell").close(); });
    this.form.hidden = false;
    this.read();
  }

  /** Make a select for what cells differ in. */
  makeFilters() {
    this.filters = FILTERS.map(([name, label, values]) => {
      const all = [...new Set(this.atlas.cells.flatMap(values))].sort(new Intl.Collator("en", { numeric: true }).compare);
      const order = { verdict: this.atlas.verdicts, act: Object.keys(this.atlas.acts), keras: this.atlas.files.map((file) => file.keras) }[name];
      if (order) all.sort((a, b) => order.indexOf(a) - order.indexOf(b));
      const select = make("select", { id: `by-${name}`, name });
      const field = make("div", { class: "field" }, make("label", { for: `by-${name}` }, label), select);
      field.hidden = all.length < 2;
      this.form.append(field);
      return { name, values, all, select };
    });
    this.toggles = TOGGLES.filter(([, , has]) => this.atlas.cells.some(has)).map(([name, label, has]) => {
      const box = make("input", { type: "checkbox", id: `by-${name}`, name });
      const words = document.createTextNode(` ${label}`);
      this.toggleBox ??= this.form.appendChild(make("fieldset", { class: "wide" }, make("legend", { class: "unseen" }, "Only")));
      this.toggleBox.append(make("label", { class: "toggle" }, box, words));
      return { name, label, has, box, words };
    });
  }

  /** Take what is asked from the address: a cell has slashes, filters have equals, a section neither. */
  read() {
    const hash = location.hash.slice(1);
    if (hash.startsWith(CHOSEN)) {
      this.open(null);
      this.show();
      this.picker.take(this.atlas.byAddress.get(hash.slice(CHOSEN.length)));
      return;
    }
    if (hash.includes("/")) return this.open(hash);
    this.open(null);
    if (hash && !hash.includes("=")) { this.show(); byId(hash)?.scrollIntoView(); return; }
    const state = new URLSearchParams(hash);
    byId("q").value = state.get("q") ?? "";
    for (const { name, all, select } of this.filters) select.dataset.chosen = all.includes(state.get(name)) ? state.get(name) : "";
    for (const { name, box } of this.toggles) box.checked = state.get(name) === "1";
    this.show();
    if (hash) byId("cells").scrollIntoView();
  }

  /** What the filters say now. */
  asked() {
    const state = new URLSearchParams();
    if (byId("q").value.trim()) state.set("q", byId("q").value.trim());
    for (const { name, select } of this.filters) if (select.dataset.chosen) state.set(name, select.dataset.chosen);
    for (const { name, box } of this.toggles) if (box.checked) state.set(name, "1");
    return state;
  }

  /** Put what is asked into the address: a step back is a step in the list. */
  changed(typing) {
    for (const { select } of this.filters) select.dataset.chosen = select.value;
    const state = this.asked();
    const into = typing && history.state === "typing" ? "replaceState" : "pushState";
    history[into](typing ? "typing" : "chosen", "", state.size ? `#${state}` : location.pathname);
    this.show();
  }

  show() {
    const state = this.asked();
    if (this.shown === `${state}`) return;
    this.shown = `${state}`;
    const terms = this.atlas.terms(state.get("q") ?? "");
    const found = this.filtered(this.atlas.searched(terms), state);
    this.rows = rowsOf(found);
    this.rows.sort((a, b) => a.cells[0].rank - b.cells[0].rank || a.cells[0].place - b.cells[0].place);
    byId("rows").replaceChildren();
    const all = this.atlas.cells.length;
    const cells = found.length === all ? `All ${spoken(all)} cells` : `${spoken(found.length)} of ${spoken(all)} cells`;
    byId("count").textContent = found.length ? `${cells}, in ${spoken(this.rows.length)} ${this.rows.length === 1 ? "row" : "rows"}` : "No cell";
    byId("list").hidden = !found.length;
    this.showPages(this.atlas.pages(terms));
    this.showHelp(found.length ? null : state, terms);
    this.showMore(false);
  }

  /** Leave the cells that pass all filters, but for one. */
  passing(cells, state, but = null) {
    const asked = ({ name }) => name !== but && state.has(name);
    const tests = [
      ...this.filters.filter(asked).map(({ name, values }) => (cell) => values(cell).includes(state.get(name))),
      ...this.toggles.filter(asked).map(({ has }) => has),
    ];
    return cells.filter((cell) => tests.every((test) => test(cell)));
  }

  /** Leave the cells that pass all filters, and count for each choice what it would leave. */
  filtered(cells, state) {
    const found = this.passing(cells, state);
    const without = (name) => (state.has(name) ? this.passing(cells, state, name) : found);
    for (const { name, values, all, select } of this.filters) {
      const counts = {}, left = without(name);
      for (const cell of left) for (const value of new Set(values(cell))) counts[value] = (counts[value] ?? 0) + 1;
      const chosen = state.get(name) ?? "";
      const option = (value) => make("option", { value, disabled: !counts[value] && value !== chosen }, `${this.spelled(name, value)} (${spoken(counts[value] ?? 0)})`);
      select.replaceChildren(make("option", { value: "" }, "any"), ...all.map(option));
      select.value = chosen;
    }
    for (const { name, label, has, words } of this.toggles) words.data = ` ${label} (${spoken(without(name).filter(has).length)})`;
    return found;
  }

  spelled(name, value) {
    if (name === "act") return this.atlas.acts[value] ?? value;
    if (name === "finding") return this.atlas.reproductions[value]?.title ?? value;
    if (name === "backend") return this.atlas.backends[value] ?? value;
    if (name === "seeded") return this.atlas.seeds[value] ?? value;
    return value;
  }

  /** List the reproductions that a search is about. */
  showPages(pages) {
    byId("pages").hidden = !pages.length;
    byId("pages").replaceChildren(make("p", {}, make("b", {}, "Explained, with a script:")),
      make("ul", {}, pages.map(([name, page]) => make("li", {}, pageOf(name, page.title), ` (${page.status})`))));
  }

  /** Where nothing is found, say what would find something. */
  showHelp(state, terms) {
    byId("none").hidden = !state;
    if (!state) return;
    const links = [];
    const offer = (changed, text) => {
      const left = this.passing(this.atlas.searched(this.atlas.terms(changed.get("q") ?? "")), changed).length;
      if (left) links.push(make("li", {}, link(`#${changed}`, text), ` (${spoken(left)} cells)`));
    };
    const only = (name) => { const changed = new URLSearchParams(state); changed.delete(name); return changed; };
    const words = terms.map(([word]) => word);
    if (words.length > 1) for (const word of words) offer(new URLSearchParams([...only("q"), ["q", words.filter((one) => one !== word).join(" ")]]), `without “${word}”`);
    if (!links.length) for (const word of words) offer(new URLSearchParams([...only("q"), ["q", word]]), `only “${word}”`);
    for (const name of state.keys()) if (name !== "q") offer(only(name), `without “${FILTERS.concat(TOGGLES).find(([one]) => one === name)[1]}”`);
    if (state.has("q") && state.size > 1) offer(new URLSearchParams({ q: state.get("q") }), "the words alone, without any filter");
    const finds = (words) => this.atlas.pages(this.atlas.terms(words)).length || this.atlas.searched(this.atlas.terms(words)).length;
    const symptoms = this.atlas.often_searched.filter(finds);
    byId("none").replaceChildren(
      make("p", {}, "No cell has all of that. ", links.length ? "Try:" : "Try other words, or fewer."), make("ul", {}, links),
      symptoms.length && make("p", {}, "Others search for:"),
      make("ul", {}, symptoms.map((symptom) => make("li", {}, link(`#${new URLSearchParams({ q: symptom })}`, symptom)))));
  }

  showMore(go = true) {
    const list = byId("rows"), begin = list.children.length;
    list.append(...this.rows.slice(begin, begin + PAGE).map((row) => this.row(row)));
    const left = this.rows.length - list.children.length;
    byId("more").hidden = left <= 0;
    byId("more").textContent = `Show ${spoken(Math.min(left, PAGE))} more of ${spoken(left)}`;
    if (go) list.children[begin].querySelector("a, summary").focus();
  }

  row({ cells, sets, outcome }) {
    const [first] = cells, td = (label, ...children) => make("td", { role: "cell", "data-label": label }, ...children);
    const either = (axis, plain, one, both) => (sets[axis].length > 1 ? both : sets[axis][0] === plain ? null : one);
    const more = [
      either("validation", "no", "with validation_data", "with and without validation_data"),
      either("execution", "1", `steps_per_execution=${sets.execution[0]}`, `steps_per_execution ${sets.execution.join(" or ")}`),
      either("seeded", "none", "after set_random_seed", "with set_random_seed and without"),
    ].filter(Boolean);
    const named = `${sets.feed.join(", ")}, ${first.call}`;
    return make("tr", { role: "row" },
      make("th", { role: "rowheader", scope: "row", "data-label": "Feed and call" }, sets.feed.map((feed) => make("span", {}, feed)),
        make("small", {}, make("span", {}, first.call), more.map((text) => make("span", {}, text)))),
      td("Keras", make("span", {}, releases(this.inOrder(sets.keras))), make("small", {}, Object.entries(this.atlas.backends).filter(([name]) => sets.backend.includes(name)).map(([, words]) => words).join(", "))),
      td("What happens", verdictMark(outcome.verdict),
        outcome.lost?.[0] ? make("span", { class: "some" }, `${outcome.lost[0]} of ${outcome.lost[1]} rows lost`) : null,
        outcome.alike && make("span", { class: "some" }, "alike: the same order again"),
        make("small", {}, outcome.findings.length ? make("span", {}, outcome.warned ? "Keras warns" : "Keras does not warn") : null,
          outcome.agrees === false && make("span", {}, "not as expected"), outcome.differ && make("span", {}, "runs differed"))),
      td("Order", smallOrder(first, this.atlas)),
      td("Evidence", cells.length === 1 ? make("a", { href: `#${first.address}`, "aria-label": `Cell: ${named}` }, "the cell") : this.members(cells, named)));
  }

  members(cells, named) {
    const details = make("details", {}, make("summary", { "aria-label": `${cells.length} cells: ${named}` }, `${spoken(cells.length)} cells`));
    details.addEventListener("toggle", () => {
      if (details.children.length < 2) details.append(make("ul", { class: "members" }, cells.map((cell) => make("li", {}, link(`#${cell.address}`, cell.address)))));
    });
    return details;
  }

  inOrder(keras) {
    const order = this.atlas.files.map((file) => file.keras);
    return [...keras].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  }

  /** Open the cell of an address, or close what is open. */
  open(address) {
    const dialog = byId("cell"), cell = address && this.atlas.byAddress.get(address);
    byId("trouble").hidden = !address || Boolean(cell);
    if (address && !cell) byId("trouble").replaceChildren(...this.noCell(address));
    if (address && !this.shown) this.show();
    this.cell = cell;
    this.isPicked = this.picker.take(cell);
    if (!cell) return dialog.open && dialog.close();
    byId("cell-title").textContent = `${cell.way.feed}: ${cell.call}`;
    byId("cell-body").replaceChildren(make("p", { class: "says" }, said(cell)), answer(cell, this.atlas), ...facts(cell, this.atlas));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    byId("cell-title").focus();
  }

  /** Say that an address is no cell's, and where the same call was observed. */
  noCell(address) {
    const called = address.split("/").slice(2).join("/"), others = this.atlas.cells.filter((cell) => cell.way.address === called);
    return [`No cell has the address ${address}. `, ...(others.length
      ? ["The same call was observed on ", ...others.flatMap((cell, i) => [i ? ", " : "", link(`#${cell.address}`, cell.file.prefix.join("/"))]), "."]
      : ["Search below, or choose your feed."])];
  }

  closed() {
    const otherwise = this.isPicked ? this.picker.hash : location.pathname;
    if (this.cell) history.pushState("chosen", "", this.shown ? `#${this.shown}` : otherwise);
    this.cell = null;
  }
}

/** What else is known of a cell. */
function facts(cell, atlas) {
  const { file, outcome, way } = cell, [why, source] = atlas.rules[cell.rule] ?? [];
  const list = (pairs) => make("dl", { class: "facts" }, pairs.filter(([, value]) => value)
    .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  const agrees = { true: "as expected", false: "not as expected" }[outcome.agrees] ?? "not compared";
  return [
    make("h3", {}, "The cell"),
    list([
      ["Address", link(`#${cell.address}`, cell.address)],
      ["Observed on", `${file.keras} on ${atlas.backends[file.backend]}: ${file.about.requires.join(", ")}; Python ${file.about.python}, ${file.about.date}`],
      ["Expected", cell.rule && [cell.expected ? verdictMark(cell.expected) : "nothing certain", ` (${agrees}) by the rule “${cell.rule}”${why ? `: ${why}` : ""}`, source && make("small", {}, ` ${source}`)]],
      ["Found", outcome.findings.join(", ")],
      ["Steps run", outcome.steps.join(", ")],
      ["Shuffled by", outcome.shuffled],
      ["Runs", outcome.differ && "several, and not all came out so"],
      ["Warnings", outcome.warnings.length && make("ul", {}, outcome.warnings.map((warning) => make("li", {}, warning)))],
    ]),
    make("p", {}, "Observe it again, in a clone of epochwatch:"),
    make("pre", { tabindex: 0, "aria-label": "Commands" }, make("code", {}, commands(file.about, way.name))),
  ];
}

/** What to type to observe a cell again. */
function commands(about, name) {
  const python = about.python.split(".").slice(0, 2).join("."), place = ".venv-cell";
  return `uv venv --python ${python} ${place}
uv pip install --python ${place} ${about.requires.map((one) => `'${one}'`).join(" ")}
echo '${name}' |
  EPOCHWATCH_KERAS=${about.package} KERAS_BACKEND=${about.backend} PYTHONPATH=src \\
  ${place}/bin/python -m epochwatch_lab._atlas.worker run`;
}

/** Be light or dark as it was chosen on the pages around this one, where the browser lets a page know. */
function takeMode() {
  try {
    const mode = localStorage.getItem("mode");
    if (mode === "light" || mode === "dark") document.documentElement.dataset.mode = mode;
  } catch { /* It is as the system is. */ }
}

async function start() {
  takeMode();
  byId("without").hidden = true;
  const begin = performance.now(), atlas = new Atlas(await unpacked(PACKED));
  new Page(atlas, new Picker(atlas));
  requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.ready = Math.round(performance.now() - begin); })); // ms, painted
}

start().catch((error) => {
  byId("trouble").textContent = `The cells cannot be searched (${error}); the guarantees and the evidence below are whole.`;
  byId("trouble").hidden = false;
  throw error;
});
