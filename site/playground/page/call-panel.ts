/** The form that makes a call: function, input or arguments, fuel, and what the program may use. */
import type { Settings } from '../protocol.ts';
import type { Actions } from './actions.ts';
import { button, el, inline, labelled, menu } from './dom.ts';
import type { InputKind, Store } from './store.ts';

/** Most fuel of a slice that can be typed. */
const MAX_FUEL = 1e12;

const configText = (config: Settings['config']): string =>
  Object.entries(config)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
const configOf = (text: string): Settings['config'] =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1)]),
  );

export const callPanel = (store: Store, actions: Actions): HTMLElement => {
  const functions = menu([], '', (name) => actions.chooseFunction(name));
  const mode = menu(
    [
      ['plugin', 'Extism plug-in'],
      ['core', 'Engine alone'],
    ],
    'core',
    (value) => void actions.load(store.state.source, value === 'plugin' ? 'plugin' : 'core'),
  );

  // Input of plug-ins
  const input = el('textarea.input', {
    attributes: { rows: 3, spellcheck: 'false' },
    on: { input: () => actions.setForm({ input: input.value }) },
  });
  const kinds: readonly (readonly [InputKind, string])[] = [
    ['text', 'Text'],
    ['json', 'JSON'],
    ['hex', 'Bytes in hexadecimal'],
    ['file', 'A file'],
  ];
  const kind = menu(kinds, 'text', (value) => actions.setForm({ inputKind: value as InputKind }));
  const file = el('input', {
    attributes: { type: 'file' },
    on: {
      change: () => actions.setForm({ file: file.files?.[0] ?? null }),
    },
  });
  const inputField = labelled('Input', input);
  const fileField = labelled('File', file);
  const inputPart = el('div.input-part', {}, inline('Kind of input', kind), inputField, fileField);

  // Arguments of the engine alone
  const args = el('div.arguments');

  const fuel = el('input', {
    attributes: { type: 'number', min: 1, max: MAX_FUEL, step: 1, inputmode: 'numeric' },
    on: {
      input: () => {
        const value = Math.floor(Number(fuel.value));
        if (value >= 1 && value <= MAX_FUEL) actions.setForm({ fuel: value });
      },
    },
  });

  // What it may use
  const set = (patch: Partial<Settings>): void =>
    actions.setForm({ settings: { ...store.state.form.settings, ...patch } });
  const config = el('textarea', {
    attributes: { rows: 2, spellcheck: 'false', placeholder: 'key=value' },
    on: { input: () => set({ config: configOf(config.value) }) },
  });
  const hosts = el('input', {
    attributes: { type: 'text', placeholder: 'none', autocomplete: 'off' },
    on: { input: () => set({ allowedHosts: hosts.value.split(/[\s,]+/).filter((host) => host !== '') }) },
  });
  const pages = el('input', {
    attributes: { type: 'number', min: 1, max: 65_536, placeholder: 'no limit', inputmode: 'numeric' },
    on: { input: () => set({ maxPages: Number(pages.value) >= 1 ? Math.floor(Number(pages.value)) : null }) },
  });
  const configField = labelled('Configuration', config);
  const hostsField = labelled(
    'Hosts that it may send requests to',
    hosts,
    el('p.hint', {}, 'The policy of this page allows requests to its own server only.'),
  );
  const settings = el(
    'details.settings',
    {},
    el('summary', {}, 'What it may use'),
    configField,
    labelled('Most pages of memory', pages),
    hostsField,
  );

  const call = button('Call', () => void actions.callToEnd(), { class: 'primary', id: 'call' });
  const step = button('Step into', () => void actions.begin(), { id: 'begin' });
  const profile = button('Profile', () => void actions.profile(), { id: 'profile' });

  store.watch(['program'], ({ program }) => {
    functions.replaceChildren(
      ...(program?.calls ?? []).map(({ name, type }) =>
        el('option', { attributes: { value: name } }, `${name} ${type}`),
      ),
    );
    mode.value = program?.mode ?? 'core';
    const isPlugin = program?.mode === 'plugin';
    inputPart.hidden = !isPlugin;
    configField.hidden = !isPlugin;
    hostsField.hidden = !isPlugin;
  });
  store.watch(['program', 'form'], ({ program, form }) => {
    functions.value = form.functionName;
    if (input.value !== form.input) input.value = form.input;
    kind.value = form.inputKind;
    inputField.hidden = form.inputKind === 'file';
    fileField.hidden = form.inputKind !== 'file';
    if (Number(fuel.value) !== form.fuel) fuel.value = String(form.fuel);
    if (JSON.stringify(configOf(config.value)) !== JSON.stringify(form.settings.config))
      config.value = configText(form.settings.config);
    const params = program?.calls.find(({ name }) => name === form.functionName)?.params ?? [];
    const isCore = program?.mode === 'core';
    args.hidden = !isCore || params.length === 0;
    if (args.children.length !== params.length || args.dataset['types'] !== params.join()) {
      args.dataset['types'] = params.join();
      args.replaceChildren(
        ...params.map((type, i) => {
          const field = el('input', {
            attributes: { type: 'text', autocomplete: 'off', spellcheck: 'false', value: form.args[i] ?? '' },
            on: {
              input: () => {
                const next = [...store.state.form.args];
                next[i] = field.value;
                actions.setForm({ args: next });
              },
            },
          });
          return labelled(params.length === 1 ? `Argument (${type})` : `Argument ${i + 1} (${type})`, field);
        }),
      );
    } else {
      args.querySelectorAll('input').forEach((field, i) => {
        if (field.value !== form.args[i]) field.value = form.args[i] ?? '';
      });
    }
  });
  store.watch(['program', 'problem', 'busy', 'form'], ({ program, problem, busy, form }) => {
    const isReady = program !== null && problem === null && busy === null && form.functionName !== '';
    for (const item of [call, step, profile]) item.disabled = !isReady;
  });

  return el(
    'section.panel.call',
    { attributes: { 'aria-labelledby': 'call-title' } },
    el('div.panel-head', {}, el('h2', { attributes: { id: 'call-title' } }, 'Call')),
    el('div.row', {}, labelled('Function', functions), labelled('Runs on', mode)),
    args,
    inputPart,
    el('div.row', {}, labelled('Fuel of a slice', fuel), el('div.buttons', {}, call, step, profile)),
    settings,
  );
};
