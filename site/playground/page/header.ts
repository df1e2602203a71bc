/** The head of the page: examples, files, the link, and how the page looks. */
import type { Example } from '../examples.ts';
import type { Actions } from './actions.ts';
import { button, el, labelled, menu } from './dom.ts';
import { SAVED_ENDING } from './saved-call.ts';
import { MAX_LINK } from './share.ts';
import type { Store } from './store.ts';

type Scheme = 'auto' | 'light' | 'dark';
const SCHEME_KEY = 'quern-scheme';

/** What a browser keeps, if it may keep anything. */
const kept = {
  get: (key: string): string | null => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set: (key: string, value: string): void => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // A browser may refuse; the choice then lasts as long as the page.
    }
  },
};

const setScheme = (scheme: string): void => {
  if (scheme === 'auto') delete document.documentElement.dataset['scheme'];
  else document.documentElement.dataset['scheme'] = scheme;
};

/** Lets people save a file. */
export const download = ({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): void => {
  const url = URL.createObjectURL(
    new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }),
  );
  const link = el('a', { attributes: { href: url, download: name } });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
};

const openFiles = async (actions: Actions, files: Iterable<File>): Promise<void> => {
  for (const file of files) await actions.openFile(file.name, new Uint8Array(await file.arrayBuffer()));
};

const linkDialog = (actions: Actions): (() => Promise<void>) => {
  const field = el('input', { attributes: { type: 'text', readonly: true, id: 'link' } });
  const note = el('p', { attributes: { id: 'link-note' } });
  const copy = button('Copy', async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      note.textContent = 'Copied.';
    } catch {
      note.textContent = 'Press Ctrl+C: the link is selected.';
    }
  });
  const dialog = el(
    'dialog',
    { attributes: { 'aria-labelledby': 'link-title' } },
    el('h2', { attributes: { id: 'link-title' } }, 'Link to this program'),
    el('p', {}, 'The link holds the program, the function and its input. No server is sent what is in it.'),
    labelled('Link', field),
    note,
    el(
      'div.buttons',
      {},
      copy,
      button('Close', () => dialog.close()),
    ),
  );
  document.body.append(dialog);
  return async () => {
    const fragment = await actions.linkFragment();
    const url = `${location.href.split('#')[0]}#${fragment}`;
    const isShort = url.length <= MAX_LINK;
    field.value = isShort ? url : '';
    field.hidden = !isShort;
    copy.disabled = !isShort;
    note.textContent = isShort
      ? `${url.length.toLocaleString('en')} characters.`
      : `Too large for a link: ${url.length.toLocaleString('en')} characters, of which ${MAX_LINK.toLocaleString('en')} are possible. Share the file instead.`;
    if (isShort) history.replaceState(null, '', url);
    dialog.showModal();
  };
};

export const pageHeader = (store: Store, actions: Actions, examples: readonly Example[]): HTMLElement => {
  const example = menu(
    examples.map(({ name }) => [name, name] as const),
    examples[0]?.name ?? '',
    (name) => {
      const chosen = examples.find((item) => item.name === name);
      if (chosen !== undefined) void actions.openExample(chosen);
    },
  );
  // What is no example has none chosen.
  example.prepend(el('option', { attributes: { value: '', disabled: true, hidden: true } }, 'Your own'));
  const file = el('input.hidden-text', {
    attributes: {
      ...{ type: 'file', multiple: true, id: 'file', tabindex: -1, 'aria-label': 'A program or a snapshot' },
      accept: `.wasm,.wat,.wast,${SAVED_ENDING},.c,.cc,.cpp,.rs,.go,.zig,.ts`,
    },
    on: {
      change: async () => {
        await openFiles(actions, [...(file.files ?? [])]);
        file.value = '';
      },
    },
  });
  const open = button('Open …', () => file.click(), {
    title: 'A module, a text, a snapshot, or a source file of the module',
  });
  const share = linkDialog(actions);
  const scheme = menu(
    [
      ['auto', 'As the system'],
      ['light', 'Light'],
      ['dark', 'Dark'],
    ] satisfies (readonly [Scheme, string])[],
    kept.get(SCHEME_KEY) ?? 'auto',
    (value) => {
      setScheme(value);
      kept.set(SCHEME_KEY, value);
    },
  );
  setScheme(scheme.value);
  const about = el('p.about');
  store.watch(['source'], ({ source: { name } }) => {
    const shown = examples.find((item) => item.name === name);
    example.value = shown?.name ?? '';
    about.textContent = shown?.about ?? name;
  });

  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dropping');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    void openFiles(actions, [...(event.dataTransfer?.files ?? [])]);
  });

  return el(
    'header.head',
    {},
    el('div.brand', {}, el('h1', {}, 'Quern playground'), about),
    el(
      'div.tools',
      {},
      labelled('Example', example),
      el(
        'div.buttons',
        {},
        open,
        file,
        button('Share', () => void share(), { id: 'share' }),
      ),
      labelled('Look', scheme),
    ),
  );
};
