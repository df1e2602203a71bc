/** What a call has come to, and its log. */
import type { CallState } from '../protocol.ts';
import { hexOf, textOfBytes } from './codec.ts';
import { count3, el, inline, menu } from './dom.ts';
import { baseName } from './places.ts';
import { standingText } from './standing.ts';
import type { Store } from './store.ts';

/** Most bytes of an output that are shown. */
const MAX_SHOWN = 200_000;

type OutputKind = 'text' | 'json' | 'hex';

const shownOutput = (bytes: Uint8Array, kind: OutputKind): string => {
  const shown = bytes.subarray(0, MAX_SHOWN);
  if (kind === 'hex') return hexOf(shown);
  const text = textOfBytes(shown);
  if (kind === 'text') return text;
  try {
    return JSON.stringify(JSON.parse(textOfBytes(bytes)), null, 2);
  } catch {
    return text;
  }
};

const isJson = (bytes: Uint8Array): boolean => {
  try {
    return typeof JSON.parse(textOfBytes(bytes)) === 'object';
  } catch {
    return false;
  }
};

export const resultTab = (store: Store): HTMLElement => {
  const head = el('p.result-head', { attributes: { id: 'result-head' } });
  const output = el('pre.output', { attributes: { id: 'output', tabindex: '0', 'aria-label': 'Output' } });
  const kind = menu(
    [
      ['text', 'Text'],
      ['json', 'JSON'],
      ['hex', 'Hexadecimal'],
    ],
    'text',
    () => draw(store.state.call),
  );
  const outputPart = el('div', {}, inline('Output as', kind), output);
  const results = el('dl.results', { attributes: { id: 'results' } });
  const error = el('div.error-box', { attributes: { id: 'error' } });
  const trace = el('ol.trace', { attributes: { id: 'trace', 'aria-label': 'Backtrace' } });

  const draw = (call: CallState | null): void => {
    head.textContent =
      call === null
        ? 'Press “Call”: the output appears here.'
        : `${standingText(call)} ${count3(call.fuel)} units of fuel.`;
    head.classList.toggle('soft', call === null);
    outputPart.hidden = call === null || call.output === null;
    if (call?.output != null) {
      const { output: bytes } = call;
      const rest = bytes.length > MAX_SHOWN ? `\n… ${count3(bytes.length - MAX_SHOWN)} more bytes` : '';
      output.textContent =
        bytes.length === 0 ? '(no bytes)' : shownOutput(bytes, kind.value as OutputKind) + rest;
    }
    results.hidden = call?.results == null || call.results.length === 0;
    results.replaceChildren(
      ...(call?.results ?? []).flatMap(({ type, text }) => [el('dt', {}, type), el('dd', {}, text)]),
    );
    error.hidden = call?.error == null;
    error.replaceChildren(...(call?.error == null ? [] : [el('p.message', {}, call.error.message)]));
    const frames = call !== null && call.error !== null ? call.frames : [];
    trace.hidden = frames.length === 0;
    trace.replaceChildren(
      ...frames.map(({ name, offset, file, line }, i) => {
        const place = file === null ? '' : ` ${baseName(file)}:${line}`;
        const show = (): void => store.set({ frame: i, listed: frames[i]!.funcIndex });
        const link = el('button.link', { attributes: { type: 'button' }, on: { click: show } }, name);
        return el('li', {}, link, ` at 0x${offset.toString(16)}${place}`);
      }),
    );
  };
  store.watch(['call'], ({ call }) => {
    if (call?.output != null && call.isOver)
      kind.value = isJson(call.output) ? 'json' : kind.value === 'json' ? 'text' : kind.value;
    draw(call);
  });
  return el('div', {}, head, error, trace, results, outputPart);
};

export const logTab = (store: Store): HTMLElement => {
  const list = el('ol.log', { attributes: { id: 'log', 'aria-label': 'Log' } });
  const empty = el(
    'p.soft',
    {},
    'Nothing was logged. Log messages, standard output and calls of the page’s host functions appear here.',
  );
  store.watch(['log'], ({ log }) => {
    empty.hidden = log.length > 0;
    list.hidden = log.length === 0;
    list.replaceChildren(
      ...log.map(({ source, text }) =>
        el('li', {}, el(`span.source.${source}`, {}, source), el('span', {}, text)),
      ),
    );
  });
  return el('div', {}, empty, list);
};
