"use strict";
const byId = (id) => document.getElementById(id);
const spoken = (number) => number.toLocaleString("en");
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const CELLS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };
const INKED = ["axis_label_text_color", "major_label_text_color", "title_text_color", "axis_line_color",
  "major_tick_line_color", "minor_tick_line_color", "label_text_color", "outline_line_color"];

async function unpacked(name) {
  const text = atob(byId(`part-${name}`).textContent);
  byId(`part-${name}`).remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}
const textOf = async (name) => new TextDecoder().decode(await unpacked(name));

/** The samples of a stream: what is known of them, and how often they were trained. */
class Stream {
  constructor(rank, about, facts) {
    Object.assign(this, about, { rank, facts, epochs: facts.epochs.length });
  }

  async unpack() {
    const part = (kind) => unpacked(`${kind}-${this.rank}`);
    this.matrix = new CELLS[this.bytes](await part("matrix"));
    this.index = new BigInt64Array(await part("index"));
    for (let i = 1; i < this.samples; i++) this.index[i] += this.index[i - 1]; // modulo 2**64
    if (this.labels) this.label = new Uint8Array(await part("labels"));
    if (this.image) this.pixels = new Uint8Array(await part("images"));
    this.totals = new Float64Array(this.samples);
    for (let cell = 0, p = 0; p < this.samples; p++)
      for (let end = cell + this.epochs; cell < end; cell++) this.totals[p] += this.matrix[cell];
    return this;
  }

  labelOf(position) {
    return this.labels ? this.facts.labels[this.label[position]] : null;
  }

  tell(position, row) {
    const lines = [`${this.name}, position ${spoken(position)}`, `index ${this.index[position]}`];
    if (this.labels) lines.push(`label ${this.labelOf(position)}`);
    lines.push(`exposures in epoch ${this.facts.epochs[row]}: ${spoken(this.matrix[position * this.epochs + row])}`);
    const total = this.totals[position];
    lines.push(total ? `exposures in all: ${spoken(total)}` : "never trained");
    return lines.join("\n");
  }

  /** Show a sample's own image in an <img>, black on white. */
  show(img, position) {
    img.hidden = !this.image;
    if (!this.image) return;
    const [height, width] = this.image;
    const bytes = Math.ceil((height * width) / 8);
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const drawn = new ImageData(width, height);
    for (let i = 0; i < height * width; i++) {
      const ink = (this.pixels[position * bytes + (i >> 3)] >> (7 - (i & 7))) & 1;
      drawn.data.set([ink ? 0 : 255, ink ? 0 : 255, ink ? 0 : 255, 255], 4 * i);
    }
    canvas.getContext("2d").putImageData(drawn, 0, 0);
    img.src = canvas.toDataURL();
    img.alt = `The image of sample ${this.index[position]}` + (this.labels ? `, label ${this.labelOf(position)}` : "");
  }

  find(index) {
    let low = 0, high = this.samples;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.index[middle] < index) low = middle + 1;
      else high = middle;
    }
    return this.index[low] === index ? low : -1;
  }
}

/** The picture of a stream, drawn anew from the matrix whenever another part of it is seen. */
class Picture {
  constructor(stream, root) {
    this.stream = stream;
    this.place = byId(`stream-${stream.rank}`);
    this.models = [...root.references()];
    for (const name of ["x", "heat", "totals", "cells", "bins", "never", "chosen"])
      this[name] = this.models.find((model) => model.name === name);
    this.mapper = this.models.find((model) => model.type === "LinearColorMapper");
    this.image = this.cells.data.image[0];
    [this.rows, this.columns] = this.image.shape;
    if (matchMedia("(pointer: coarse)").matches) // a finger on the picture shall scroll the page
      this.models.find((model) => model.type === "BoxZoomTool").active = false;
    this.x.on_change([this.x.properties.start, this.x.properties.end], () => this.redrawSoon());
    new ResizeObserver(() => this.redrawSoon()).observe(this.place);
  }

  redrawSoon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.redraw(); });
  }

  /** Take samples together as far as there are fewer pixels than samples, and epochs likewise. */
  redraw() {
    const { samples, epochs, matrix, totals } = this.stream;
    const from = clamp(Math.round(this.x.start), 0, samples - 1), to = clamp(Math.round(this.x.end), from + 1, samples);
    const pixels = clamp(this.place.clientWidth - 100, 1, this.columns - 1);
    const size = Math.ceil((to - from) / pixels), first = Math.floor(from / size) * size;
    const height = Math.ceil(epochs / this.rows), shows = byId("shows").value;
    const bins = { left: [], right: [], low: [], mean: [], high: [] }, never = { left: [], right: [] };
    this.image.fill(NaN);
    for (let column = 0, p = first; p < to && column < this.columns; column++, p += size) {
      const end = Math.min(p + size, samples);
      const cells = Array.from({ length: this.rows }, () => new Summary()), whole = new Summary();
      for (let q = p; q < end; q++) {
        whole.add(totals[q]);
        for (let e = 0; e < epochs; e++) cells[(e / height) | 0].add(matrix[q * epochs + e]);
      }
      cells.forEach((cell, row) => { this.image[row * this.columns + column] = cell[shows]; });
      for (const side of [bins, ...(whole.low ? [] : [never])]) { side.left.push(p - 0.5); side.right.push(end - 0.5); }
      for (const name of ["low", "mean", "high"]) bins[name].push(whole[name]);
    }
    Object.assign(this, { size, height });
    this.mapper.high = this.image.reduce((most, value) => (value > most ? value : most), 0) || 1;
    this.cells.data = { image: [this.image], x: [first - 0.5], y: [0.5], dw: [this.columns * size], dh: [this.rows * height] };
    this.bins.data = bins;
    this.never.data = never;
    const together = (count, what) => (count === 1 ? `one ${what}` : `a bin of ${spoken(count)} ${what}s`);
    byId(`bins-${this.stream.rank}`).textContent =
      `Positions ${spoken(from)} to ${spoken(to - 1)}: a column is ${together(size, "sample")}, a row ${together(height, "epoch")}.`;
  }

  /** Say what a cell stands for, where it is more than one sample in one epoch. */
  tellCell(position, row) {
    const { samples, epochs, matrix } = this.stream, whole = new Summary();
    const p = position - (position % this.size), e = row - (row % this.height);
    for (let q = p; q < Math.min(p + this.size, samples); q++)
      for (let f = e; f < Math.min(e + this.height, epochs); f++) whole.add(matrix[q * epochs + f]);
    if (whole.count === 1) return "";
    return `\nits cell: least ${spoken(whole.low)}, mean ${spoken(whole.mean)}, most ${spoken(whole.high)}`;
  }

  zoom(factor, shift, centre = (this.x.start + this.x.end) / 2) {
    const width = clamp((this.x.end - this.x.start) * factor, Math.min(4, this.stream.samples), this.stream.samples);
    const start = clamp(centre + shift * width - width / 2, -0.5, this.stream.samples - 0.5 - width);
    this.x.setv({ start, end: start + width });
  }

  reset() {
    this.x.setv({ start: -0.5, end: this.stream.samples - 0.5 });
  }

  holds(position) {
    return position > this.x.start && position < this.x.end;
  }
}

class Summary {
  low = Infinity; high = -Infinity; sum = 0; count = 0;
  add(value) {
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
    this.sum += value;
    this.count++;
  }
  get mean() { return this.sum / this.count; }
}

/** One sample is chosen at a time, by keyboard or by a click; the pointer shows others. */
class Explorer {
  constructor(pictures) {
    this.pictures = pictures;
    this.never = pictures.some(({ stream }) => stream.totals.includes(0));
    byId("stream").addEventListener("input", () => this.choose(+byId("stream").value, 0));
    byId("position").addEventListener("input", (event) => event.target.value && this.choose(this.rank, +event.target.value));
    byId("epoch").addEventListener("input", (event) => event.target.value && this.choose(this.rank, this.position));
    byId("index").addEventListener("input", (event) => event.target.value && this.seek(event.target.value));
    byId("shows").addEventListener("input", () => pictures.forEach((picture) => picture.redraw()));
    byId("next-never").addEventListener("click", () => this.nextNever());
    byId("next-never").disabled = !this.never;
    if (!this.never) byId("next-never").textContent = "No sample known here was never trained";
    for (const button of document.querySelectorAll("[data-zoom]"))
      button.addEventListener("click", () => this.zoom(button.dataset.zoom));
    pictures.forEach((picture, rank) => this.follow(picture, rank));
    this.choose(0, 0);
  }

  get row() { return clamp(Math.round(+byId("epoch").value) - 1, 0, this.pictures[0].stream.epochs - 1); }

  choose(rank, wanted, typed = null) {
    const { stream, chosen } = this.pictures[rank];
    const position = clamp(Math.round(wanted), 0, stream.samples - 1);
    [this.rank, this.position] = [rank, position];
    const values = { stream: rank, position, index: String(stream.index[position]) };
    for (const [id, value] of Object.entries(values)) if (id !== typed) byId(id).value = value;
    byId("position").max = stream.samples - 1;
    byId("details").textContent = stream.tell(position, this.row);
    stream.show(byId("image"), position);
    for (const picture of this.pictures) picture.chosen.data = { x: [], y: [] };
    chosen.data = { x: [position], y: [this.row + 1] };
  }

  seek(text) {
    const index = /^-?\d+$/.test(text) ? BigInt(text) : null;
    const rank = this.pictures.findIndex(({ stream }) => index !== null && stream.find(index) >= 0);
    if (rank < 0) byId("details").textContent = `no sample here has the index ${text}`;
    else this.choose(rank, this.pictures[rank].stream.find(index), "index");
  }

  nextNever() {
    const streams = this.pictures.map(({ stream }) => stream.totals);
    let rank = this.rank, position = streams[rank].indexOf(0, this.position + 1);
    while (position < 0) {
      rank = (rank + 1) % streams.length;
      position = streams[rank].indexOf(0);
    }
    this.choose(rank, position);
    if (!this.pictures[rank].holds(position)) this.pictures[rank].zoom(1, 0, position);
  }

  zoom(how) {
    const picture = this.pictures[this.rank];
    if (how === "reset") return picture.reset();
    const [factor, shift] = how.split(",").map(Number);
    picture.zoom(factor, shift, factor < 1 && picture.holds(this.position) ? this.position : undefined);
  }

  follow(picture, rank) {
    const { stream, place, heat, totals } = picture;
    const tip = byId("tip"), [img, text] = tip.children;
    const at = ({ x, y }, plot) => [clamp(Math.round(x), 0, stream.samples - 1),
      plot === heat ? clamp(Math.round(y) - 1, 0, stream.epochs - 1) : this.row];
    for (const plot of [heat, totals]) {
      plot.on_event("mousemove", (event) => {
        const [position, row] = at(event, plot);
        text.textContent = stream.tell(position, row) + (plot === heat ? picture.tellCell(position, row) : "");
        stream.show(img, position);
        tip.hidden = false;
      });
      plot.on_event("tap", (event) => {
        const [position, row] = at(event, plot);
        byId("epoch").value = row + 1;
        this.choose(rank, position);
      });
    }
    place.addEventListener("pointerleave", () => { tip.hidden = true; });
    place.addEventListener("pointermove", ({ clientX, clientY }) => {
      tip.style.left = `${clamp(clientX + 14, 0, innerWidth - tip.offsetWidth)}px`;
      tip.style.top = `${clamp(clientY + 14, 0, innerHeight - tip.offsetHeight)}px`;
    });
  }
}

function ink(roots) {
  const colour = getComputedStyle(document.body).color;
  for (const model of roots.flatMap((root) => [...root.references()])) {
    for (const name of INKED) if (name in model.properties) model[name] = colour;
    if (model.name === "ink") model.glyph.line_color = colour;
  }
}

async function start() {
  const [bokeh, facts, plots] = await Promise.all([textOf("bokeh"), textOf("facts"), textOf("plots")]);
  document.head.append(Object.assign(document.createElement("script"), { textContent: bokeh }));
  const { streams, ...about } = JSON.parse(facts);
  const unpacking = Promise.all(streams.map((stream, rank) => new Stream(rank, stream, about).unpack()));
  const roots = {};
  for (const [target, item] of Object.entries(JSON.parse(plots)))
    roots[target] = (await Bokeh.embed.embed_item(item, target)).roots[0].model;
  const restyle = () => ink(Object.values(roots));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  restyle();
  const pictures = (await unpacking).map((stream) => new Picture(stream, roots[`stream-${stream.rank}`]));
  pictures.forEach((picture) => picture.redraw());
  if (pictures.length) new Explorer(pictures);
  requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.ready = performance.now(); })); // ms, painted
}

start().catch((error) => {
  const trouble = byId("trouble") ?? document.querySelector("main").appendChild(document.createElement("p"));
  trouble.textContent = `The pictures cannot be drawn (${error}); the tables are whole.`;
  trouble.hidden = false;
  throw error;
});
