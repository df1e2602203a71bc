/** What the module is made of. */
import { el } from './dom.ts';
import type { Store } from './store.ts';

const MAX_ROWS = 200;

export const moduleTab = (store: Store): HTMLElement => {
  const element = el('div.facts');
  store.watch(['program'], ({ program }) => {
    const facts = program?.facts.filter(([, values]) => values.length > 0) ?? [];
    element.replaceChildren(
      ...facts.flatMap(([label, values]) => [
        el('h3', {}, label),
        el(
          'ul',
          {},
          ...values.slice(0, MAX_ROWS).map((value) => el('li', {}, value)),
          values.length > MAX_ROWS ? el('li.soft', {}, `… ${values.length - MAX_ROWS} more`) : null,
        ),
      ]),
      ...(facts.length === 0 ? [el('p.soft', {}, 'The module is empty.')] : []),
    );
  });
  return element;
};
