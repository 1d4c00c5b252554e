"""What scripts in an open page measure of it."""

# Of all texts that are seen, how far they stand out from their ground; 4.5 is what is legible.
CONTRASTS = """() => {
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92
    : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const parsed = text => text.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parsed(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || ["SCRIPT", "STYLE"].includes(e.tagName)) continue;
    const a = light(parsed(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e));
    texts.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className, e.tagName]);
  }
  return texts; }"""
WIDER = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
