/** Tabs: one panel of several, chosen by arrows or a click. */
import { el, setAttribute } from './dom.ts';
import type { Store, TabName } from './store.ts';

export interface Tab {
  readonly name: TabName;
  readonly title: string;
  readonly panel: HTMLElement;
}

export const tabsPanel = (store: Store, tabs: readonly Tab[]): HTMLElement => {
  const choose = (i: number): void => {
    const at = (i + tabs.length) % tabs.length;
    store.set({ tab: tabs[at]!.name });
    buttons[at]!.focus();
  };
  const buttons = tabs.map(({ name, title }, i) =>
    el(
      'button',
      {
        attributes: { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` },
        on: {
          click: () => store.set({ tab: name }),
          keydown: (event) => {
            const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
            if (to === undefined) return;
            event.preventDefault();
            choose(to);
          },
        },
      },
      title,
    ),
  );
  const panels = tabs.map(({ name, panel }) =>
    el(
      'div.tab-panel',
      {
        attributes: { role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}`, tabindex: 0 },
      },
      panel,
    ),
  );
  store.watch(['tab'], ({ tab }) => {
    tabs.forEach(({ name }, i) => {
      const isChosen = name === tab;
      setAttribute(buttons[i]!, 'aria-selected', String(isChosen));
      buttons[i]!.tabIndex = isChosen ? 0 : -1;
      panels[i]!.hidden = !isChosen;
    });
  });
  const log = buttons[tabs.findIndex(({ name }) => name === 'log')];
  store.watch(['log'], ({ log: lines }) => {
    if (log !== undefined) log.textContent = lines.length === 0 ? 'Log' : `Log (${lines.length})`;
  });
  return el(
    'section.panel.tabs',
    { attributes: { 'aria-label': 'What the call has done' } },
    el('div.tab-list', { attributes: { role: 'tablist', 'aria-label': 'Views of the call' } }, ...buttons),
    ...panels,
  );
};
