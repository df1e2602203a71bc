/**
 * Chooses the rows of `src/interpreter/code/fusions.ts`: `node build/bench/choose-fusions.js [--rows N]` prints them.
 *
 * It runs the workloads and the recorded plug-ins on a copy of the build that fuses nothing and counts how often each
 * operation runs, and then repeatedly takes the row that would save most. Each program counts the same, regardless of
 * its length. The programs of `heldOut` are not run, so that they can show the value of the choice elsewhere.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { commuting, firstFusedOp, type Op, type OpName, opOf } from '../src/interpreter/code/isa.ts';
import { shared } from '../test/shared.ts';
import { makeQuern } from './engines/quern.ts';
import { selectWorkloads, workloadFile } from './workloads.ts';

/** Plug-ins that are not used for the choice. */
const heldOut: readonly string[] = ['jq', 'zlib'];

/** An operation as it was written: with the operands that it was written with, which may have changed later. */
interface Written {
  readonly at: number;
  readonly op: Op;
  readonly operands: readonly number[];
  /** Whether it could be fused with the preceding one. */
  readonly follows: boolean;
  /** The destination of that one, when this was written; -1 if it has none. */
  readonly before: number;
  readonly firstDead: number;
}
/** A stretch of code that could be fused, with the number of times that each operation ran. */
interface Stretch {
  readonly written: readonly Written[];
  readonly counts: readonly number[];
}
interface Program {
  readonly name: string;
  readonly stretches: readonly Stretch[];
  readonly total: number;
}

// The copy of the build: functions that its loop and its writer call

const counts = new Float64Array(1 << 24);
const lists = new WeakMap<object, Written[]>();
const placed: { readonly start: number; readonly list: readonly Written[] }[] = [];
const watcher = {
  counts,
  write(writer: object, row: Omit<Written, 'op'> & { readonly op: { readonly name: OpName } }): void {
    const list = lists.get(writer) ?? [];
    lists.set(writer, list);
    list.push({ ...row, op: opOf[row.op.name] });
  },
  place(writer: object, start: number): void {
    placed.push({ start, list: lists.get(writer) ?? [] });
  },
};
Object.assign(globalThis, { fusionWatcher: watcher });

/** Replaces a text that must exist. */
const patch = (file: string, before: string, after: string): void => {
  const text = readFileSync(file, 'utf8');
  if (text.split(before).length !== 2) throw new Error(`${file} has no "${before}"`);
  writeFileSync(
    file,
    text.replace(before, () => after),
  );
};

const copyBuild = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-fusions-'));
  cpSync(fileURLToPath(new URL('../src', import.meta.url)), join(folder, 'src'), { recursive: true });
  const writer = join(folder, 'src/interpreter/code/code-writer.js');
  patch(
    join(folder, 'src/interpreter/loop/dispatch.generated.js'),
    'op = code[pc];',
    'op = code[pc]; fusionWatcher.counts[pc]++;',
  );
  patch(
    writer,
    'if (this.lastEnd === this.size && this.fuses)',
    `if (!this.isCareful && !this.isRecording) fusionWatcher.write(this, {
      at: this.size, op, operands: [a, b, c, d, e], follows: this.lastEnd === this.size && this.fuses,
      before: this.lastEnd === this.size && this.lastOp.operands[0]?.role === 'written'
        ? (buffer[this.lastAt] >>> 10) & 2047 : -1,
      firstDead: this.firstDead(),
    });
    if (false)`,
  );
  patch(
    writer,
    'const { values } = branches;',
    'fusionWatcher.place(this, start);\n        const { values } = branches;',
  );
  return folder;
};

/** What a program did since the last one. */
const takeProgram = (name: string): Program => {
  const stretches: Stretch[] = [];
  let total = 0;
  for (const { start, list } of placed) {
    let current: { written: Written[]; counts: number[] } | null = null;
    for (const row of list) {
      const count = counts[start + row.at]!;
      total += count;
      if (current === null || !row.follows || count === 0) {
        current = { written: [], counts: [] };
        if (count > 0) stretches.push(current);
      }
      current.written.push(row);
      current.counts.push(count);
    }
  }
  counts.fill(0);
  // Rarely executed code is ignored.
  const often = stretches.filter((stretch) => stretch.counts[0]! > total / 1e5 && stretch.counts.length > 1);
  return { name, stretches: often, total };
};

interface SetUp {
  readonly id: string;
  readonly wasm: string;
  readonly wasi: boolean;
  readonly config?: Record<string, string>;
  readonly host?: boolean;
  readonly hosts?: readonly string[];
  readonly paths?: object;
  readonly calls: readonly {
    readonly fn: string;
    readonly in: { readonly text?: string; readonly b64?: string; readonly file?: string } | null;
  }[];
}

const runPrograms = async (folder: string): Promise<Program[]> => {
  const programs: Program[] = [];
  const engine = await makeQuern(folder);
  for (const workload of selectWorkloads([])) {
    const bytes = new Uint8Array(readFileSync(workloadFile(workload)));
    const loaded = workload.kind === 'micro' ? engine.loadMicro(bytes) : engine.loadProgram!(bytes);
    loaded.run(2);
    programs.push(takeProgram(workload.name));
  }
  const { createPlugin } = (await import(
    pathToFileURL(join(folder, 'src/node.js')).href
  )) as typeof import('../src/node.ts');
  const setUps = JSON.parse(readFileSync(shared('plugins', 'golden.json'), 'utf8')) as SetUp[];
  for (const { id, wasm, wasi, config, host, hosts, paths, calls } of setUps) {
    if (host === true || hosts !== undefined || paths !== undefined) continue;
    if (heldOut.some((name) => wasm.startsWith(name))) continue;
    const bytes = new Uint8Array(readFileSync(shared('plugins', wasm)));
    const plugin = await createPlugin(
      { wasm: [{ data: bytes }], config: config ?? {} } as never,
      { useWasi: wasi, timeoutMs: 20_000 } as never,
    );
    for (const { fn, in: data } of calls) {
      const input =
        data?.file !== undefined
          ? readFileSync(shared('plugins', data.file))
          : data?.b64 !== undefined
            ? Buffer.from(data.b64, 'base64')
            : Buffer.from(data?.text ?? '');
      // A failed run also counts.
      await plugin.call(fn, new Uint8Array(input)).catch(() => null);
    }
    programs.push(takeProgram(id));
  }
  return programs;
};

// The choice

type Row = readonly string[];
/** Savings in dispatches: of one dispatch less, of a result that is not read back, and of one that is not written. */
const gains: Readonly<Record<string, number>> = { and: 1, keep: 1.35, into: 1.9 };

const neverFirst: ReadonlySet<string> = new Set(['branch', 'cost']);
const leaves: readonly OpName[] = [
  'call',
  'call_indirect',
  'return_none',
  'return32',
  'return64',
  'unreachable',
  'halt',
  'br_table',
  'br',
  'charge',
  'resume_fast',
];
const isHot = (op: Op): boolean => op.code < firstFusedOp;
const maySecond = (op: Op): boolean =>
  isHot(op) &&
  !(['call', 'call_indirect', 'unreachable', 'halt', 'charge', 'resume_fast'] as OpName[]).includes(
    op.name as OpName,
  );
const mayFirst = (op: Op): boolean =>
  isHot(op) && !leaves.includes(op.name as OpName) && !op.operands.some(({ role }) => neverFirst.has(role));

const divisions = new Set<string>(['i64_div_s_rr', 'i64_div_u_rr', 'i64_rem_s_rr', 'i64_rem_u_rr']);
/** Operations that get places in the frame, and choose or compute there. */
const byPlace = new Set<string>([...divisions, 'select64']);
const returns = new Set<string>(['return_none', 'return32', 'return64']);

/** The links that are possible between an operation and the one before it, best first. */
const linksOf = (first: Op, { op, operands, before, firstDead }: Written): string[] => {
  const links: string[] = [];
  const isWritten = first.operands[0]?.role === 'written';
  const offset = op.operands[0]?.role === 'written' ? 1 : 0;
  const reads = op.operands
    .map(({ role }, i) => (role === 'read' && operands[i] === before ? i : -1))
    .filter((i) => i >= 0);
  if (isWritten && reads.length > 0 && !byPlace.has(op.name) && !divisions.has(first.name)) {
    const at = commuting.has(op.name) ? offset : reads[0]!;
    const takes = op.layout[at]!;
    const isWide =
      (first.name === 'i64_load' && takes === 'S') ||
      (first.layout[0] === 'D' && op.name === 'i64_store' && at === 1);
    const fits =
      (first.layout[0] === 'd' && takes === 's') || (first.layout[0] === 'D' && takes === 'S') || isWide;
    const isOverwritten = offset === 1 && operands[0] === before;
    const isDead = isOverwritten || before >= firstDead || returns.has(op.name);
    if (fits && isDead && reads.length === 1) links.push(`into${at - offset + 1}`);
    if (fits && !isWide) links.push(`keep${at - offset + 1}`);
  }
  links.push('and');
  return links;
};
const gainOf = (link: string): number => gains[link.replace(/\d/, '')]!;

/** Walks over a stretch as the writer does; reports what could be fused with the given rows. */
const walk = (
  stretch: Stretch,
  table: ReadonlySet<string>,
  tell: (row: Row, count: number) => void,
): void => {
  let current: Row | null = null;
  let last: Op | null = null;
  stretch.written.forEach((written, i) => {
    const { op } = written;
    if (current !== null && last !== null && mayFirst(last) && maySecond(op) && i > 0) {
      let isFused = false;
      for (const link of linksOf(last, written)) {
        const row: Row = [...current, link, op.name];
        if (table.has(row.join())) {
          current = row;
          isFused = true;
          break;
        }
        if (row.length <= MAX_ROW) tell(row, stretch.counts[i]!);
      }
      if (isFused) {
        last = op;
        return;
      }
    }
    current = [op.name];
    last = op;
  });
};
/** Operations and links of the longest row. */
const MAX_ROW = 5;

const { values } = parseArgs({ options: { rows: { type: 'string', default: '140' } } });
const folder = copyBuild();
try {
  const programs = (await runPrograms(folder)).filter(({ total }) => total > 10_000);
  for (const { name, total } of programs) console.error(`${name}: ${total} operations`);
  const table = new Set<string>();
  for (let n = 0; n < Number(values.rows); n++) {
    const sums = new Map<string, { gain: number; shares: Map<string, number> }>();
    for (const { name, stretches, total } of programs) {
      for (const stretch of stretches)
        walk(stretch, table, (row, count) => {
          const key = row.join();
          const sum = sums.get(key) ?? { gain: 0, shares: new Map<string, number>() };
          sums.set(key, sum);
          const share = count / total;
          // An operation that is already fused saves less.
          sum.gain += share * gainOf(row[row.length - 2]!);
          sum.shares.set(name, (sum.shares.get(name) ?? 0) + share);
        });
    }
    const [best] = [...sums].sort(([, a], [, b]) => b.gain - a.gain);
    if (best === undefined) break;
    const [key, { shares }] = best;
    table.add(key);
    const list = [...shares].sort(([, a], [, b]) => b - a);
    const percent = (share: number): string => (100 * share).toFixed(1);
    const mean = list.reduce((sum, [, share]) => sum + share, 0) / programs.length;
    const often = list.filter(([, share]) => share >= 0.001).length;
    const row = key
      .split(',')
      .map((word) => `'${word}'`)
      .join(', ');
    console.log(`  [${row}], // ${percent(mean)} % in ${often}, ${list[0]![0]} ${percent(list[0]![1])}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
