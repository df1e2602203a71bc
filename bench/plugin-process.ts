/** A plug-in on one engine in a process of its own, and what it has to do: the parent's side. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { noWasm, proof } from '../test/proof.ts';

/** TABLE: plug-ins, and the work of one round; it leaves nothing to the next one. */
export const pluginWork = {
  sqlite: {
    title: 'SQLite',
    export: 'exec',
    input: `drop table if exists t;
create table t(id integer primary key, b integer, c text);
begin;
with recursive q(i) as (values(1) union all select i+1 from q where i<1000)
insert into t select i, (i*7919)%1000, 'row '||i||' value '||((i*7919)%1000) from q;
commit;
create index ib on t(b);
select count(*) from t where c like '%99%';
select sum(b*1.5) from t;
select id from t order by c limit 50;
select count(*) from t x join t y on x.b=y.id where y.b>500;
update t set b=b+1 where id%3=0;
delete from t where b%5=0;
select length(group_concat(c)) from t group by b%7;`,
  },
  quickjs: {
    title: 'QuickJS',
    export: 'eval',
    input: `(function () {
  var mixed = 0, counts = {}, numbers = [];
  for (var i = 0; i < 20000; i++) mixed = (mixed * 31 + i) % 1000003;
  for (var j = 0; j < 2000; j++) { var key = 'key' + j % 97; counts[key] = (counts[key] || 0) + j; }
  for (var k = 0; k < 3000; k++) numbers.push(k * 7919 % 3001);
  numbers.sort(function (a, b) { return a - b; });
  var text = JSON.stringify({ counts: counts, some: numbers.slice(0, 50) });
  var changed = text.replace(/key(\\d+)/g, function (all, digits) { return digits + 'x'; });
  var words = 'The mill grinds slowly, but grinds exceedingly fine'.match(/[a-z]+/gi);
  var moves = function (disks) { return disks === 0 ? 0 : 2 * moves(disks - 1) + 1; };
  var paths = function (x, y) { return x === 0 || y === 0 ? 1 : paths(x - 1, y) + paths(x, y - 1); };
  return [mixed, numbers[1500], changed.length, JSON.parse(text).some.length, words.length, moves(20), paths(6, 6)].join();
})()`,
  },
} as const;
export type PluginName = keyof typeof pluginWork;
export const pluginNames = Object.keys(pluginWork) as PluginName[];

interface EngineRow {
  readonly title: string;
  /** Flags of Node. Our interpreter needs neither native Wasm nor code from strings, our compiler no native Wasm. */
  readonly flags: readonly string[];
}
/** TABLE: engines; native Wasm first, since the others are compared with it. */
export const pluginEngines = {
  native: { title: 'native Wasm', flags: ['--disable-warning=ExperimentalWarning'] },
  quern: { title: 'Quern', flags: proof },
  'quern-compiled': { title: 'Quern, compiled', flags: noWasm },
  'quern-compiled-0': { title: 'Quern, `threshold: 0`', flags: noWasm },
  polywasm: { title: 'polywasm', flags: [] },
} as const satisfies Readonly<Record<string, EngineRow>>;
export type PluginEngine = keyof typeof pluginEngines;
export const pluginEngineNames = Object.keys(pluginEngines) as PluginEngine[];

/** What a process says after some rounds. Times are milliseconds since the process began. */
export type PluginAnswer =
  | { readonly output: string; readonly cpu: number; readonly wall: number }
  | { readonly error: string };

export class PluginProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<[PluginAnswer]>;

  constructor(engine: PluginEngine, plugin: PluginName) {
    const worker = fileURLToPath(new URL('plugin-worker.js', import.meta.url));
    this.#child = fork(worker, [engine, plugin], {
      execArgv: [...pluginEngines[engine].flags],
      // The SDK's build for browsers prints on stdout.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit').then(([code]) => [{ error: `the process ended with ${code}` }]);
  }

  /** Lets the plug-in do so many rounds; creates it the first time. */
  async ask(rounds: number): Promise<PluginAnswer> {
    const answered = once(this.#child, 'message') as Promise<[PluginAnswer]>;
    this.#child.send(rounds);
    const [answer] = await Promise.race([answered, this.#ended]);
    return answer;
  }

  stop(): void {
    this.#child.kill();
  }
}
