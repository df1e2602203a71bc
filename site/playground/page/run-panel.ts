/** Fuel as a meter, and the buttons that step a paused call forwards and backwards. */
import type { Actions } from './actions.ts';
import { button, count3, el, setAttribute } from './dom.ts';
import type { DebugKey } from './source-panel.ts';
import { standingText } from './standing.ts';
import type { PageState, Store } from './store.ts';

interface RunPanel {
  readonly element: HTMLElement;
  perform(key: DebugKey): void;
}

export const runPanel = (
  store: Store,
  actions: Actions,
  caretOffset: () => number | null,
  save: () => void,
): RunPanel => {
  const bar = el('div.bar-used');
  const meter = el(
    'div.bar',
    { attributes: { role: 'meter', 'aria-label': 'Fuel used', 'aria-valuemin': 0, id: 'meter' } },
    bar,
  );
  const figures = el('p.figures', { attributes: { id: 'figures' } });
  const standing = el('p.standing', { attributes: { id: 'standing', role: 'status' } });

  const perform = (key: DebugKey): void => {
    if (store.state.call === null || store.state.call.isOver) return;
    if (key === 'toCaret' || key === 'toCaretBack') actions.runTo(caretOffset(), key === 'toCaretBack');
    else void actions.move(key);
  };
  /** TABLE: what each button says, and its key. */
  const forwards: readonly (readonly [DebugKey, string, string])[] = [
    ['continue', 'Continue', 'c'],
    ['step', 'Step', 's'],
    ['over', 'Over', 'o'],
    ['out', 'Out', 'u'],
    ['toCaret', 'To cursor', 't'],
  ];
  const backwards: readonly (readonly [DebugKey, string, string])[] = [
    ['back', 'Step back', 'b'],
    ['runBack', 'Run back', 'r'],
    ['toCaretBack', 'Back to cursor', 'Shift+T'],
  ];
  const make = ([key, text, shortcut]: readonly [DebugKey, string, string]): HTMLButtonElement =>
    button(text, () => perform(key), {
      ...{ id: `move-${key}`, title: `${text} (${shortcut}, in the program)`, 'aria-keyshortcuts': shortcut },
    });
  const ahead = forwards.map(make);
  const back = backwards.map(make);
  const breakpoint = button('Breakpoint', () => void actions.toggleBreakpoint(caretOffset()), {
    ...{
      id: 'breakpoint',
      title: 'Sets or clears a breakpoint where the cursor is (F9)',
      'aria-keyshortcuts': 'F9',
    },
  });
  const lines = el('input', {
    attributes: { type: 'checkbox', id: 'by-line' },
    on: { change: () => store.set({ byLine: lines.checked }) },
  });
  const byLine = el('label.check', {}, lines, 'Whole lines');
  const refill = button('Refill', () => void actions.refill(), { id: 'refill' });
  const stop = button('Stop', () => void actions.stop(), { id: 'stop' });
  const snapshot = button('Save snapshot', save, { id: 'snapshot' });
  const history = el('p.hint', { attributes: { id: 'history' } });

  const drawFuel = ({ call, busy, runningFuel, given, form }: PageState): void => {
    const isRunning = busy === 'running';
    const used = isRunning ? Math.max(runningFuel, call?.fuel ?? 0) : (call?.fuel ?? 0);
    const all = call === null && !isRunning ? form.fuel : Math.max(given, used);
    bar.style.width = `${Math.min(100, (100 * used) / Math.max(1, all))}%`;
    setAttribute(meter, 'aria-valuenow', used);
    setAttribute(meter, 'aria-valuemax', all);
    setAttribute(meter, 'aria-valuetext', `${count3(used)} of ${count3(all)} units used`);
    bar.classList.toggle('out', all > 0 && used >= all);
    figures.textContent = `${count3(used)} used, ${count3(Math.max(0, all - used))} left of ${count3(all)}`;
  };
  store.watch(['call', 'busy', 'runningFuel', 'given', 'form'], drawFuel);
  store.watch(['call', 'busy'], ({ call, busy }) => {
    const isStanding = call !== null && !call.isOver && busy === null;
    standing.textContent =
      busy === 'running'
        ? 'Running …'
        : busy === 'profiling'
          ? 'Profiling …'
          : call === null
            ? 'No call yet.'
            : whereText(call);
    standing.dataset['standing'] = busy ?? call?.standing ?? 'none';
    for (const item of ahead) item.disabled = !isStanding;
    const canGoBack = isStanding && call.noHistory === null;
    for (const item of back) item.disabled = !canGoBack;
    refill.disabled = !isStanding;
    snapshot.disabled = !isStanding;
    stop.disabled = busy === null ? !isStanding : busy === 'loading';
    history.hidden = !isStanding || (canGoBack && !call.isInPast);
    history.textContent = !isStanding
      ? ''
      : call.noHistory === null
        ? 'This is the past: the call has been further on.'
        : `No way back: ${call.noHistory}.`;
  });
  store.watch(['program', 'busy'], ({ program, busy }) => {
    byLine.hidden = program?.hasLines !== true;
    breakpoint.disabled = program === null || busy !== null;
  });

  const element = el(
    'section.panel.run',
    { attributes: { 'aria-labelledby': 'run-title' } },
    el('div.panel-head', {}, el('h2', { attributes: { id: 'run-title' } }, 'Fuel and steps'), standing),
    el('div.meter-row', {}, meter, refill, stop),
    figures,
    el('div.buttons', { attributes: { role: 'group', 'aria-label': 'Forwards' } }, ...ahead, breakpoint),
    el(
      'div.buttons',
      { attributes: { role: 'group', 'aria-label': 'Backwards' } },
      ...back,
      snapshot,
      byLine,
    ),
    history,
  );
  return { element, perform };
};

const whereText = (call: NonNullable<PageState['call']>): string => {
  const [top] = call.frames;
  const text = standingText(call);
  return top === undefined || call.isOver ? text : `${call.hostFunction ?? top.name}: ${text}`;
};
