/** A profile as a flame graph, and as a table. */
import type { ProfileReport } from '../protocol.ts';
import { button, count3, el, svg } from './dom.ts';
import type { Store } from './store.ts';

/** Narrowest picture. */
const MIN_PICTURE = 320;
const ROW = 24;
/** Width of a letter, of the font that is set in the style sheet, and narrowest box that is drawn. */
const LETTER = 8.2;
const MIN_WIDTH = 1;
const MAX_BOXES = 3000;
const HUES = 6;

interface Way {
  readonly index: number;
  readonly callees: Way[];
  total: number;
}

/** The calls as a tree; callers come before what they call. */
const waysOf = ({ calls }: ProfileReport): Way[] => {
  const ways = calls.map(({ self }, index): Way => ({ index, callees: [], total: self }));
  const roots: Way[] = [];
  for (let i = ways.length - 1; i >= 0; i--) {
    const way = ways[i]!;
    way.callees.sort((a, b) => b.total - a.total);
    const caller = ways[calls[i]!.caller];
    if (caller === undefined) roots.push(way);
    else {
      caller.total += way.total;
      caller.callees.push(way);
    }
  }
  return roots.sort((a, b) => b.total - a.total);
};

const hueOf = (name: string): number => {
  let hash = 7;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0;
  return hash % HUES;
};

const clip = (name: string, width: number): string => {
  const letters = Math.floor((width - 8) / LETTER);
  return letters < 3 ? '' : name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
};

/** The picture below one call, or of all. */
const flameGraph = (
  report: ProfileReport,
  roots: readonly Way[],
  pictureWidth: number,
  zoom: (way: Way) => void,
): SVGElement => {
  const all = roots.reduce((sum, { total }) => sum + total, 0);
  const boxes: SVGElement[] = [];
  let depth = 0;
  const draw = (list: readonly Way[], left: number, row: number): void => {
    let x = left;
    for (const way of list) {
      const width = (pictureWidth * way.total) / Math.max(1, all);
      if (width < MIN_WIDTH || boxes.length >= MAX_BOXES) break;
      const call = report.calls[way.index]!;
      const name = report.names[call.function] ?? '';
      const title = `${name}: ${count3(way.total)} units of fuel, ${((100 * way.total) / Math.max(1, report.fuel)).toFixed(1)} %, ${count3(call.self)} its own, called ${count3(call.calls)} times`;
      const kind = report.hosts[call.function] === true ? 'host' : `hue-${hueOf(name)}`;
      const box = svg(
        'g',
        { class: `box ${kind}`, tabindex: 0, role: 'button', 'aria-label': title },
        svg('title', {}, title),
        svg('rect', {
          x: x.toFixed(2),
          y: row * ROW,
          width: Math.max(0.5, width - 1).toFixed(2),
          height: ROW - 2,
          rx: 2,
        }),
        svg('text', { x: (x + 5).toFixed(2), y: row * ROW + 15 }, clip(name, width)),
      );
      box.addEventListener('click', () => zoom(way));
      box.addEventListener('keydown', (event) => {
        if ((event as KeyboardEvent).key === 'Enter') zoom(way);
      });
      boxes.push(box);
      depth = Math.max(depth, row + 1);
      draw(way.callees, x, row + 1);
      x += width;
    }
  };
  draw(roots, 0, 0);
  const height = Math.max(1, depth) * ROW;
  return svg(
    'svg',
    { width: pictureWidth, height, class: 'flame', role: 'group', 'aria-label': 'Flame graph' },
    ...boxes,
  );
};

const table = ({ names, numbers, hosts, fuel }: ProfileReport): HTMLElement => {
  const rows = numbers
    .slice(0, 100)
    .map(([self, total, calls], i) =>
      el(
        'tr',
        {},
        el(
          'th',
          { attributes: { scope: 'row' } },
          names[i] ?? '',
          hosts[i] === true ? el('span.soft', {}, ' host') : null,
        ),
        el('td', {}, count3(self)),
        el('td', {}, `${((100 * self) / Math.max(1, fuel)).toFixed(1)} %`),
        el('td', {}, count3(total)),
        el('td', {}, count3(calls)),
      ),
    );
  const heads = ['Function', 'Its own', 'Share', 'With callees', 'Calls'];
  return el(
    'div.wide',
    { attributes: { tabindex: 0, role: 'region', 'aria-label': 'Fuel by function' } },
    el(
      'table.numbers',
      {},
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { attributes: { scope: 'col' } }, head)))),
      el('tbody', {}, ...rows),
    ),
  );
};

export const fuelTab = (store: Store): HTMLElement => {
  const element = el('div', { attributes: { id: 'profile-report' } });
  store.watch(['profile', 'busy'], ({ profile, busy }) => {
    if (profile === null) {
      const text =
        busy === 'profiling'
          ? 'The call is made again and every function observed …'
          : 'Press “Profile”: the call is made on an instance of its own, and who used its fuel is drawn here. The numbers are exact.';
      element.replaceChildren(el('p.soft', {}, text));
      return;
    }
    const roots = waysOf(profile);
    const picture = el('div.picture');
    const all = button('Show all', () => draw(roots));
    let shown = roots;
    let drawnWidth = 0;
    const draw = (ways: Way[]): void => {
      shown = ways;
      drawnWidth = Math.max(MIN_PICTURE, picture.clientWidth);
      picture.replaceChildren(flameGraph(profile, ways, drawnWidth, (way) => draw([way])));
      all.hidden = ways === roots;
    };
    new ResizeObserver(() => {
      if (picture.clientWidth > 0 && Math.max(MIN_PICTURE, picture.clientWidth) !== drawnWidth) draw(shown);
    }).observe(picture);
    draw(roots);
    const head = `${count3(profile.fuel)} units of fuel. A click on a call zooms.`;
    element.replaceChildren(
      el('div.row', {}, el('p', {}, head), all),
      ...(profile.failure === null ? [] : [el('p.problem', {}, `The call failed: ${profile.failure}`)]),
      picture,
      table(profile),
    );
  });
  return element;
};
