/** The page: its parts, and what it begins with. */
import { examples } from '../examples.ts';
import { Actions } from './actions.ts';
import { callPanel } from './call-panel.ts';
import { Client } from './client.ts';
import { el } from './dom.ts';
import { fuelTab } from './fuel-tab.ts';
import { download, pageHeader } from './header.ts';
import { memoryTab } from './memory-tab.ts';
import { moduleTab } from './module-tab.ts';
import { logTab, resultTab } from './result-tab.ts';
import { runPanel } from './run-panel.ts';
import { type DebugKey, sourcePanel } from './source-panel.ts';
import { stackTab } from './stack-tab.ts';
import { Store } from './store.ts';
import { tabsPanel } from './tabs.ts';

const TITLE = 'Quern playground';
/** Milliseconds that a notice is shown. */
const NOTICE_TIME = 8000;

const first = examples[0]!;
const store = new Store({
  source: { kind: 'text', name: first.name, text: '' },
  program: null,
  problem: null,
  mode: null,
  form: {
    ...{ functionName: first.functionName, inputKind: 'text', input: first.input, file: null },
    ...{ args: first.args, fuel: first.fuel, settings: { config: {}, allowedHosts: [], maxPages: null } },
  },
  ...{ call: null, before: null, frame: 0, busy: null, runningFuel: 0, given: 0, log: [] },
  ...{
    breakpoints: [],
    byLine: false,
    view: 'source',
    listed: 0,
    files: {},
    tab: 'result',
    profile: null,
    notice: '',
  },
});
const actions = new Actions(store, new Client());

let perform: (key: DebugKey) => void = () => {};
const source = sourcePanel(store, actions, (key) => perform(key));
const save = async (): Promise<void> => {
  const file = await actions.snapshotFile();
  if (file === null) return;
  download(file);
  actions.say(`Saved ${file.name}.`);
};
const run = runPanel(store, actions, source.caretOffset, () => void save());
perform = run.perform;

const notice = el('p.notice', { attributes: { role: 'status', 'aria-live': 'polite', id: 'notice' } });
let fading: ReturnType<typeof setTimeout> | undefined;
store.watch(['notice'], ({ notice: text }) => {
  notice.textContent = text;
  clearTimeout(fading);
  if (text !== '') fading = setTimeout(() => store.set({ notice: '' }), NOTICE_TIME);
});
store.watch(['program'], ({ program }) => {
  document.title = program === null ? TITLE : `${program.name} – ${TITLE}`;
});
// On small screens what a call came to lies below what is seen.
store.watch(['call'], ({ call }) => {
  if (call?.isOver === true) document.getElementById('panel-result')?.scrollIntoView({ block: 'nearest' });
});

const tabs = tabsPanel(store, [
  { name: 'result', title: 'Result', panel: resultTab(store) },
  { name: 'log', title: 'Log', panel: logTab(store) },
  { name: 'stack', title: 'Stack', panel: stackTab(store) },
  { name: 'memory', title: 'Memory', panel: memoryTab(store, actions) },
  { name: 'fuel', title: 'Fuel', panel: fuelTab(store) },
  { name: 'module', title: 'Module', panel: moduleTab(store) },
]);

document
  .getElementById('page')!
  .replaceChildren(
    pageHeader(store, actions, examples),
    el('main', { attributes: { id: 'main' } }, callPanel(store, actions), source.element, run.element, tabs),
    notice,
  );

/** What is wrong with the page itself is shown, never only written to the console. */
const onFault = (reason: unknown): void => {
  document.body.dataset['fault'] = String((reason as Error)?.message ?? reason);
  actions.say(`The page has a fault: ${document.body.dataset['fault']}`);
};
addEventListener('error', ({ error, message }) => onFault(error ?? message));
addEventListener('unhandledrejection', ({ reason }) => onFault(reason));
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  onFault(`the policy refuses ${violatedDirective} ${blockedURI}`),
);
addEventListener('hashchange', () => void actions.openLink(location.hash));

if (!(await actions.openLink(location.hash))) await actions.openExample(first);
document.body.dataset['ready'] = 'yes';

if ('serviceWorker' in navigator && isSecureContext) {
  // Without one, the page works as well while there is a network.
  navigator.serviceWorker.register('offline.js').catch(() => {});
  void navigator.serviceWorker.ready.then(() => {
    document.body.dataset['offline'] = 'yes';
  });
}
