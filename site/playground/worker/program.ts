/** Programs: read, checked, described, and listed. */
import {
  decodeModule,
  decodeNames,
  disassembleFunction,
  type FeatureKey,
  featureTable,
  type Module,
  type ModuleSummary,
  sourceLines,
  summariseModule,
} from '../../../src/inspect.ts';
import { parseModule } from '../../../src/text.ts';
import { type FuncType, valTypeName } from '../../../src/wasm.ts';
import type { FunctionInfo, ListedLine, Mode, Program, Source, TextPlaces } from '../protocol.ts';
import type { LineAt } from './line-moves.ts';
import { PlacedError, shownError } from './values.ts';

/** All features that the engine runs. */
export const features: ReadonlySet<FeatureKey> = new Set(
  (Object.keys(featureTable) as FeatureKey[]).filter((key) => featureTable[key].isExecuted),
);

/** Modules from which plug-ins import. */
const hostModules = ['extism:host/env', 'extism:host/user', 'wasi_snapshot_preview1', 'env'];

/** Largest binary whose debug information is read as a whole. */
const MAX_LINES_BYTES = 16 * 2 ** 20;
const MAX_LISTED = 20_000;

/** A program with what the worker needs of it. */
export interface LoadedProgram {
  readonly source: Source;
  readonly bytes: Uint8Array;
  readonly module: Module;
  readonly program: Program;
  /** By file: lines and the offsets of their first instructions. */
  readonly lines: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Lines of instructions; null without any. */
  readonly lineAt: LineAt | null;
}

const readText = (text: string): { readonly bytes: Uint8Array; readonly places: TextPlaces } => {
  const rows: [offset: number, line: number, column: number][] = [];
  const bytes = parseModule(text, {
    onInstruction: ({ offset, line, column }) => rows.push([offset, line, column]),
  });
  const places = {
    offsets: Int32Array.from(rows, ([offset]) => offset),
    lines: Int32Array.from(rows, ([, line]) => line),
    columns: Int32Array.from(rows, ([, , column]) => column),
  };
  return { bytes, places };
};

/** A module with none of the imports of a host runs on the engine alone. */
const modeOf = ({ imports, exports }: ModuleSummary): Mode => {
  const calls = exports.filter(({ kind }) => kind === 'func');
  const isCallable = calls.some(
    ({ type }) => type === '() -> i32' || type === '() -> (i32)' || type === '() -> ()',
  );
  const isHosted = imports.some(({ module = '' }) => hostModules.slice(0, 3).includes(module));
  return isHosted && (isCallable || calls.length === 0) ? 'plugin' : 'core';
};

const functionsOf = (module: Module): FunctionInfo[] => {
  const names = decodeNames(module);
  return module.funcs.flatMap(({ body }, index) =>
    body === null
      ? []
      : [{ index, name: names.funcName(index) ?? `func[${index}]`, start: body.codeStart, end: body.end }],
  );
};

/** What debug information says of lines. */
interface SourceLines {
  readonly byFile: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly lineAt: LineAt | null;
}

const linesOf = (module: Module): SourceLines => {
  const byFile = new Map<string, Map<number, number>>();
  const hasLines = module.customs.some(({ name }) => name === '.debug_line');
  if (!hasLines || module.bytes.length > MAX_LINES_BYTES) return { byFile, lineAt: null };
  const offsets = module.funcs.flatMap(({ body }, index) =>
    body === null ? [] : Array.from(disassembleFunction(module, index), ({ offset }) => offset),
  );
  const numbers = new Map<string, number>();
  const lines = new Map<number, number>();
  sourceLines(module, offsets).forEach((place, i) => {
    if (place === null) return;
    const { file, line } = place;
    const ofFile = byFile.get(file) ?? new Map<number, number>();
    byFile.set(file, ofFile);
    if (!ofFile.has(line)) ofFile.set(line, offsets[i]!);
    const key = `${line} ${file}`;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    lines.set(offsets[i]!, numbers.get(key)!);
  });
  return { byFile, lineAt: (offset) => lines.get(offset) ?? null };
};

const textLines = ({ offsets, lines }: TextPlaces): LineAt => {
  const byOffset = new Map(Array.from(offsets, (offset, i) => [offset, lines[i]!]));
  return (offset) => byOffset.get(offset) ?? null;
};

const factsOf = (summary: ModuleSummary): Program['facts'] => [
  ['Exports', summary.exports.map(({ name, kind, type }) => `${kind} ${name}: ${type}`)],
  ['Imports', summary.imports.map(({ module, name, kind, type }) => `${kind} ${module}.${name}: ${type}`)],
  ['Memories', summary.memories],
  ['Tables', summary.tables],
  ['Globals', summary.globals],
  [
    'Features beyond the first version',
    summary.features.map((feature) => `${feature.key}: ${feature.summary}`),
  ],
  [
    'Sections',
    summary.sections.map(({ name, customName, byteLength }) => `${customName ?? name}: ${byteLength} bytes`),
  ],
];

/** What is wrong with a module of a text is told with its line. */
const summarise = (bytes: Uint8Array, places: TextPlaces | null): ModuleSummary => {
  try {
    return summariseModule(bytes);
  } catch (error) {
    const shown = shownError(error);
    const i = places === null || shown.offset === null ? -1 : places.offsets.indexOf(shown.offset);
    if (places === null || i < 0) throw error;
    const [line, column] = [places.lines[i]!, places.columns[i]!];
    throw new PlacedError({
      ...shown,
      line,
      column,
      message: `${shown.message} (line ${line}, column ${column})`,
    });
  }
};

/** Reads a program. @throws MalformedError, InvalidError, LimitError */
export const loadProgram = (source: Source, wanted: Mode | null): LoadedProgram => {
  const { bytes, places } =
    source.kind === 'text' ? readText(source.text) : { bytes: source.bytes, places: null };
  const summary = summarise(bytes, places);
  const module = decodeModule(bytes);
  const { byFile: lines, lineAt: sourceAt } = linesOf(module);
  const lineAt = places === null ? sourceAt : textLines(places);
  const calls = summary.exports.flatMap(({ kind, name, type, index }) => {
    if (kind !== 'func') return [];
    const { params } = module.funcs[index]!.type.comp as FuncType;
    return [{ name, type, index, params: params.map(valTypeName) }];
  });
  const program: Program = {
    name: source.name,
    mode: wanted ?? modeOf(summary),
    byteLength: bytes.length,
    calls,
    functions: functionsOf(module),
    facts: factsOf(summary),
    places,
    files: [...lines.keys()],
    hasLines: lineAt !== null,
  };
  return { source, bytes, module, program, lines, lineAt };
};

/** A function as a listing. */
export const listFunction = ({ module }: LoadedProgram, index: number): ListedLine[] => {
  const listed: ListedLine[] = [];
  const rows: { readonly offset: number; readonly depth: number; readonly text: string }[] = [];
  for (const line of disassembleFunction(module, index)) {
    if (rows.length === MAX_LISTED) break;
    rows.push(line);
  }
  const places = sourceLines(
    module,
    rows.map(({ offset }) => offset),
  );
  rows.forEach(({ offset, depth, text }, i) => {
    const place = places[i] ?? null;
    const source = place === null ? null : `${place.file.split(/[\\/]/).pop()}:${place.line}`;
    listed.push({ offset, depth, text, source });
  });
  return listed;
};
