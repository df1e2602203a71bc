/**
 * A flame graph as a self-contained SVG. Without its script it is a picture with titles; with it, a click zooms to a
 * call, and a search marks names. Colours follow the reader's scheme.
 */

import { escapeXml } from '../errors/texts.ts';
import type { FuelProfile } from './fuel-profile.ts';
import { labelOf, type Way, waysOf } from './ways.ts';

const WIDTH = 1200;
const ROW = 18;
const TOP = 64;
/** Narrower boxes are omitted. */
const MIN_WIDTH = 0.3;
/** Deeper calls are omitted: a picture cannot show 10,000 rows. */
const MAX_DEPTH = 400;
/** Width of a letter of text, about. */
const LETTER = 6.6;

interface Box {
  readonly x: number;
  readonly width: number;
  readonly depth: number;
  readonly way: Way;
}

/** The visible boxes, callers before callees. */
const boxesOf = (ways: readonly Way[], fuel: number): Box[] => {
  const boxes: Box[] = [];
  const open: { readonly way: Way; readonly start: number; readonly depth: number }[] = [];
  const add = (list: readonly Way[], from: number, depth: number): void => {
    let start = from;
    for (const way of list) {
      open.push({ way, start, depth });
      start += way.total;
    }
  };
  add(ways, 0, 0);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { way, start, depth } = next;
    const width = (way.total / fuel) * WIDTH;
    if (width < MIN_WIDTH || depth >= MAX_DEPTH) continue;
    boxes.push({ x: (start / fuel) * WIDTH, width, depth, way });
    add(way.callees, start, depth + 1);
  }
  return boxes;
};

/** A hue by name, so that a function has one colour in every picture. */
const hueOf = (name: string): number => {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return (hash >>> 0) % 50;
};

const round = (value: number): string => value.toFixed(2);
const clip = (text: string, width: number): string => {
  const letters = Math.floor((width - 6) / LETTER);
  return letters < 3 ? '' : text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
};

const style = `
svg { color-scheme: light dark; --page: #fff; --ink: #1b1b1f; --soft: #5c5c66; --light: 68%; --host: #9db4d6; --mark: #7b3fe4; background: var(--page); }
@media (prefers-color-scheme: dark) { svg { --page: #16161a; --ink: #ededf0; --soft: #a5a5b0; --light: 36%; --host: #3c5a85; --mark: #c9a7ff; } }
text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: var(--ink); pointer-events: none; }
text.title { font: 600 15px system-ui, sans-serif; }
text.note { fill: var(--soft); }
g.call { cursor: pointer; }
g.call rect { fill: hsl(var(--hue) 75% var(--light)); stroke: var(--page); stroke-width: .5; }
g.call.host rect { fill: var(--host); }
g.call.found rect { fill: var(--mark); }
g.call:hover rect, g.call:focus rect { stroke: var(--ink); stroke-width: 1.5; }
g.call:focus { outline: none; }
#search, #reset { cursor: pointer; }
#search text, #reset text { pointer-events: auto; text-decoration: underline; }`;

// Zoom: a range of fuel is scaled to the width of the picture. Search: names that contain a text are marked.
const script = `
(() => {
  const svg = document.documentElement.closest('svg') || document.querySelector('svg');
  const calls = [...svg.querySelectorAll('g.call')].map((g) => ({ g, rect: g.querySelector('rect'), text: g.querySelector('text'),
    name: g.dataset.name, x: +g.dataset.x, width: +g.dataset.width, depth: +g.dataset.depth, fuel: +g.dataset.fuel }));
  const note = svg.querySelector('#note');
  const said = note.textContent;
  const clip = (name, width) => { const n = Math.floor((width - 6) / ${LETTER}); return n < 3 ? '' : name.length <= n ? name : name.slice(0, n - 1) + '…'; };
  const show = (from, width, depth) => {
    for (const call of calls) {
      const isAbove = call.depth < depth && call.x <= from + 1e-9 && call.x + call.width >= from + width - 1e-9;
      const x = isAbove ? 0 : (call.x - from) / width * ${WIDTH};
      const w = isAbove ? ${WIDTH} : call.width / width * ${WIDTH};
      const isSeen = x < ${WIDTH} && x + w > 0 && (isAbove || call.depth >= depth);
      call.g.style.display = isSeen ? '' : 'none';
      if (!isSeen) continue;
      call.rect.setAttribute('x', x); call.rect.setAttribute('width', w);
      call.text.setAttribute('x', x + 3); call.text.textContent = clip(call.name, w);
    }
    svg.querySelector('#reset').style.display = width < ${WIDTH} ? '' : 'none';
  };
  const find = (text) => {
    let fuel = 0;
    const ends = [];
    for (const call of calls) {
      const isFound = text !== '' && call.name.toLowerCase().includes(text.toLowerCase());
      call.g.classList.toggle('found', isFound);
      // A box above a match is part of it.
      if (isFound && !ends.some((other) => other.depth < call.depth && other.x <= call.x + 1e-9 && other.x + other.width >= call.x + call.width - 1e-9)) { ends.push(call); fuel += call.fuel; }
    }
    note.textContent = text === '' ? said : '"' + text + '": ' + fuel.toLocaleString('en') + ' units of fuel';
  };
  const choose = (call) => show(call.x, call.width, call.depth);
  for (const call of calls) {
    call.g.addEventListener('click', () => choose(call));
    call.g.addEventListener('keydown', (event) => { if (event.key === 'Enter') choose(call); });
    call.g.addEventListener('mouseover', () => { note.textContent = call.g.querySelector('title').textContent; });
    call.g.addEventListener('focus', () => { note.textContent = call.g.querySelector('title').textContent; });
  }
  const ask = () => { const text = prompt('Name of a function, or a part of it', ''); if (text !== null) find(text); };
  const reset = () => { show(0, ${WIDTH}, 0); };
  const search = svg.querySelector('#search');
  search.style.display = '';
  search.addEventListener('click', ask);
  svg.querySelector('#reset').addEventListener('click', reset);
  for (const [id, act] of [['#search', ask], ['#reset', reset]])
    svg.querySelector(id).addEventListener('keydown', (event) => { if (event.key === 'Enter') act(); });
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') { reset(); find(''); } });
})();`;

export const flameGraph = (profile: FuelProfile): string => {
  const { fuel, functions } = profile;
  const boxes = boxesOf(waysOf(profile), Math.max(fuel, 1));
  const depth = boxes.reduce((most, box) => Math.max(most, box.depth + 1), 1);
  const height = TOP + depth * ROW + 12;
  const rows = boxes.map(({ x, width, depth: row, way }) => {
    const { call, total } = way;
    const func = functions[call.function]!;
    const name = labelOf(func);
    // The host is on top, as in a listing of a stack of calls; callees are below.
    const y = TOP + row * ROW;
    const share = ((100 * total) / Math.max(fuel, 1)).toFixed(2);
    const title = `${name}${func.isHost ? ' (host)' : ''}: ${total} units of fuel, ${share} %, ${call.self} in the function itself; ${call.calls} calls`;
    const data = `data-name="${escapeXml(name)}" data-x="${round(x)}" data-width="${width.toFixed(4)}" data-depth="${row}" data-fuel="${total}"`;
    return `<g class="call${func.isHost ? ' host' : ''}" tabindex="0" style="--hue:${hueOf(name)}" ${data}><title>${escapeXml(title)}</title><rect x="${round(x)}" y="${y}" width="${round(width)}" height="${ROW - 1}" rx="2"/><text x="${round(x + 3)}" y="${y + 13}">${escapeXml(clip(name, width))}</text></g>`;
  });
  const about = `${fuel} units of fuel, ${functions.length} functions. Click a call to zoom, Esc to go back.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(`Flame graph of ${about}`)}">
<style>${style}
</style>
<text class="title" x="6" y="22">Fuel by function and caller</text>
<text class="note" id="note" x="6" y="46">${escapeXml(about)}</text>
<g id="reset" tabindex="0" role="button" style="display:none"><text x="1040" y="22">All</text></g>
<g id="search" tabindex="0" role="button" style="display:none"><text x="1130" y="22">Search</text></g>
${rows.join('\n')}
<script><![CDATA[${script}
]]></script>
</svg>
`;
};
