/** The stack: frames with their locals and operands, globals, variables; what has changed is marked. */
import type { CallState, ShownFrame, ShownValue } from '../protocol.ts';
import { el, setAttribute } from './dom.ts';
import { baseName } from './places.ts';
import type { Store } from './store.ts';

/** A table of values; those that differ from the values before are marked, in words too. */
const valueTable = (
  title: string,
  values: readonly ShownValue[],
  before: readonly ShownValue[] | null,
): HTMLElement => {
  const rows = values.map(({ name, type, text }, i) => {
    const hasChanged = before !== null && before[i]?.text !== text;
    return el(
      'tr',
      hasChanged ? { attributes: { class: 'changed' } } : {},
      el('th', { attributes: { scope: 'row' } }, name),
      el('td.type', {}, type),
      el('td.value', {}, text, hasChanged ? el('span.hidden-text', {}, ' (changed)') : null),
    );
  });
  return el(
    'table.values',
    {},
    el('caption', {}, title),
    el('tbody', {}, ...(rows.length > 0 ? rows : [el('tr', {}, el('td.soft', {}, 'none'))])),
  );
};

/** The same frame of the state before; null where the stack is another one. */
const sameFrame = (before: CallState | null, call: CallState, frame: number): ShownFrame | null => {
  const i = (before?.frames.length ?? 0) - (call.frames.length - frame);
  const old = before?.frames[i];
  return old !== undefined && old.funcIndex === call.frames[frame]?.funcIndex ? old : null;
};

export const stackTab = (store: Store): HTMLElement => {
  const empty = el('p.soft', {}, 'No call is paused. Press “Step into”, or set a breakpoint and call.');
  const frames = el('ol.frames', { attributes: { 'aria-label': 'Frames, innermost first', id: 'frames' } });
  const tables = el('div.tables', { attributes: { id: 'values' } });
  store.watch(['call', 'before', 'frame'], ({ call, before, frame }) => {
    const isStanding = call !== null && call.frames.length > 0;
    const hasVariables = call !== null && call.variables.length > 0;
    empty.hidden = isStanding || hasVariables;
    frames.hidden = !isStanding;
    if (call === null || (!isStanding && !hasVariables)) {
      tables.replaceChildren();
      return;
    }
    frames.replaceChildren(
      ...call.frames.map(({ name, offset, file, line, funcIndex }, i) => {
        const place = file === null ? `0x${offset.toString(16)}` : `${baseName(file)}:${line}`;
        const choose = el(
          'button',
          { attributes: { type: 'button' }, on: { click: () => store.set({ frame: i, listed: funcIndex }) } },
          el('span', {}, name),
          el('span.soft', {}, place),
        );
        setAttribute(choose, 'aria-current', i === frame ? 'true' : null);
        return el('li', {}, choose);
      }),
    );
    const shown = call.frames[frame];
    const old = sameFrame(before, call, frame);
    tables.replaceChildren(
      ...(shown === undefined
        ? []
        : [
            valueTable('Locals', shown.locals, old?.locals ?? null),
            valueTable('Operands, lowest first', shown.operands, null),
            valueTable('Globals', call.globals, before?.globals ?? null),
          ]),
      ...(call.variables.length === 0
        ? []
        : [valueTable('Variables', call.variables, before?.variables ?? null)]),
    );
  });
  return el('div', {}, empty, frames, tables);
};
