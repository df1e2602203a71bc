/**
 * Validates a decoded module (spec chapter Validation/Modules). The interpreter trusts what it accepts.
 *
 * Of several findings the most serious is reported: malformed bodies before invalid ones, and those before features
 * that are disabled or not executed yet.
 */

import { InstructionReader, nesting } from '../decoder/instruction-reader.ts';
import { badArgument, checkFunction, reading } from '../errors/arguments.ts';
import { type ErrorPosition, InvalidError } from '../errors/errors.ts';
import { nameText, valueText } from '../errors/texts.ts';
import { defaultFeatures, type Features } from '../syntax/features.ts';
import { matchesValType } from '../syntax/matching.ts';
import type { DataSegment, ElementSegment, ExternKind, FuncBody, Module } from '../syntax/module.ts';
import { FUNCREF, HEAP_FUNC, refType, type ValType } from '../syntax/types.ts';
import { validateConstExpr } from './constant-expression.ts';
import { Context, invalid, unknownIndex } from './context.ts';
import { isDefaultable } from './locals.ts';
import { BodyState } from './stacks.ts';
import { validateMemoryType, validateTableType, validateTagType, validateTypes } from './types.ts';
import { checkBodyEnd, validateFunction } from './validate-function.ts';

const FUNC_REF: ValType = refType(HEAP_FUNC, false);

/** Checks the types that imports and definitions declare. */
const validateDeclarations = (context: Context): void => {
  const { module } = context;
  for (const type of module.memories) validateMemoryType(context, type, { section: 'memory' });
  for (const { type } of module.tables) validateTableType(context, type, { section: 'table' });
  for (const type of module.tags) validateTagType(context, type, { section: 'tag' });
  for (const { type } of module.globals) context.useType(type.type, { section: 'global' });
  for (const { desc, offset } of module.imports) {
    if (desc.kind === 'func' && desc.isExact)
      context.use('custom-descriptors', { section: 'import', offset });
    if (desc.kind === 'global' && desc.type.isMutable)
      context.use('mutable-globals', { section: 'import', offset });
  }
  for (const { offset } of module.importLists) context.use('compact-imports', { section: 'import', offset });
  if (module.dataCount !== null) context.use('bulk-memory', { section: 'data count' });
  if (module.memories.length > 1) context.use('multi-memory', { section: 'memory' });
  if (module.tables.length > 1) context.use('reference-types', { section: 'table' });
};

/** Globals see only the globals before them. @spec valid-globalseq */
const validateGlobals = (s: BodyState): void => {
  const { globals, importedGlobalCount } = s.context.module;
  for (let i = importedGlobalCount; i < globals.length; i++) {
    s.context.visibleGlobals = i;
    validateConstExpr(s, globals[i]!.init!, globals[i]!.type.type);
  }
};

/** Tables see only imported globals. @spec valid-table */
const validateTables = (s: BodyState): void => {
  const { tables, importedTableCount, importedGlobalCount } = s.context.module;
  s.context.visibleGlobals = importedGlobalCount;
  for (let i = importedTableCount; i < tables.length; i++) {
    const { type, init } = tables[i]!;
    if (init !== null) {
      s.context.use('function-references', { section: 'table', offset: init.start });
      validateConstExpr(s, init, type.element);
    } else if (!isDefaultable(type.element)) {
      invalid('invalid.type', { section: 'table', detail: `table ${i} needs an initialiser` });
    }
  }
};

/** @spec valid-elem */
const validateElement = (s: BodyState, segment: ElementSegment): void => {
  const { context } = s;
  const position: ErrorPosition = { section: 'element', offset: segment.position };
  if (segment.funcIndices !== null) {
    for (const index of segment.funcIndices) {
      if (index >= context.module.funcs.length) unknownIndex('invalid.unknown-function', index, position);
      context.isDeclared[index] = 1;
    }
  } else {
    context.use('bulk-memory', position);
    if (segment.type !== FUNCREF && segment.type !== FUNC_REF) context.useType(segment.type, position);
    for (const expression of segment.expressions!) validateConstExpr(s, expression, segment.type);
  }
  if (segment.mode !== 'active') {
    context.use('bulk-memory', position);
    return;
  }
  const table = context.module.tables[segment.tableIndex]?.type;
  if (table === undefined) unknownIndex('invalid.unknown-table', segment.tableIndex, position);
  if (!matchesValType(segment.type, table.element)) {
    invalid('invalid.type', { ...position, detail: 'type of the segment does not match the table' });
  }
  validateConstExpr(s, segment.offset!, table.limits.address);
};

/** @spec valid-data */
const validateData = (s: BodyState, segment: DataSegment): void => {
  const { context } = s;
  const position: ErrorPosition = { section: 'data', offset: segment.position };
  if (segment.mode === 'passive') {
    context.use('bulk-memory', position);
    return;
  }
  const address = context.memoryAddress[segment.memoryIndex];
  if (address === undefined) unknownIndex('invalid.unknown-memory', segment.memoryIndex, position);
  validateConstExpr(s, segment.offset!, address);
};

const validateStart = (context: Context): void => {
  const { start, funcs } = context.module;
  if (start === null) return;
  if (start >= funcs.length) unknownIndex('invalid.unknown-function', start, { section: 'start' });
  const { params, results } = context.funcType(start);
  if (params.length > 0 || results.length > 0)
    invalid('invalid.start', { section: 'start', funcIndex: start });
};

const unknownExport = {
  func: 'invalid.unknown-function',
  table: 'invalid.unknown-table',
  memory: 'invalid.unknown-memory',
  global: 'invalid.unknown-global',
  tag: 'invalid.unknown-tag',
} as const satisfies Record<ExternKind, string>;

/** @spec valid-export */
const validateExports = (context: Context): void => {
  const { module } = context;
  const counts: Readonly<Record<ExternKind, number>> = {
    func: module.funcs.length,
    table: module.tables.length,
    memory: module.memories.length,
    global: module.globals.length,
    tag: module.tags.length,
  };
  const names = new Set<string>();
  for (const { name, kind, index, offset } of module.exports) {
    const position: ErrorPosition = { section: 'export', offset };
    if (index >= counts[kind]) unknownIndex(unknownExport[kind], index, position);
    if (kind === 'func') context.isDeclared[index] = 1;
    if (kind === 'global' && module.globals[index]!.type.isMutable) context.use('mutable-globals', position);
    if (names.has(name)) invalid('invalid.duplicate-export', { ...position, detail: `"${nameText(name)}"` });
    names.add(name);
  }
};

/** Checks only the form of a body. @throws MalformedError */
const scanBody = (reader: InstructionReader, body: FuncBody): void => {
  reader.reset(body.codeStart, body.end);
  for (let depth = 1; depth > 0; ) {
    reader.read();
    depth += nesting[reader.row]!;
  }
  checkBodyEnd(reader, body);
};

/** Searches all bodies of a module that is known to be invalid for damage. @throws MalformedError */
const scanBodies = (module: Module, reader: InstructionReader): void => {
  for (const { body } of module.funcs) {
    try {
      if (body !== null) scanBody(reader, body);
    } catch (error) {
      // The reader also finds unknown types, which are already known.
      if (!(error instanceof InvalidError)) throw error;
    }
  }
};

const validateFunctions = (s: BodyState): void => {
  const { funcs, importedFuncCount } = s.context.module;
  for (let i = importedFuncCount; i < funcs.length; i++) validateFunction(s, i, funcs[i]!);
};

/** @throws UsageError for a module whose bytes are not those of the decoder */
const checkDecoded = ({ bytes }: Module): void => {
  if (ArrayBuffer.isView(bytes) && bytes.BYTES_PER_ELEMENT === 1) return;
  throw badArgument(`bytes of the module must be bytes, not ${valueText(bytes)}`);
};

/**
 * Checks every rule of the spec on a decoded module, and sets `maxStackSlots` of its bodies. @spec valid-module
 *
 * ```js
 * validateModule(decodeModule(doubleWasm), defaultFeatures);
 * console.log('valid'); // → valid
 * ```
 *
 * @throws MalformedError for bytes in bodies that are not instructions
 * @throws InvalidError for a broken rule
 * @throws UnsupportedError for a valid module that needs a feature outside `features`
 * @throws LimitError for a module beyond an implementation limit
 */
export const validateModule = (module: Module, features: Features = defaultFeatures): void => {
  reading('the module', () => checkDecoded(module));
  checkFunction(
    reading('the features', () => features.has),
    'has of the features',
  );
  const context = new Context(module, features);
  const s = new BodyState(context, new InstructionReader(module.bytes, module.types));
  try {
    validateTypes(context);
    validateDeclarations(context);
    validateGlobals(s);
    validateTables(s);
    context.visibleGlobals = module.globals.length;
    for (const segment of module.elements) validateElement(s, segment);
    for (const segment of module.data) validateData(s, segment);
    validateStart(context);
    validateExports(context);
    validateFunctions(s);
  } catch (error) {
    // Bodies are decoded here, not by the decoder: damage after the broken rule is still reported first.
    if (error instanceof InvalidError) scanBodies(module, s.reader);
    throw error;
  }
  context.throwUnsupported();
};
