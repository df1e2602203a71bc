/**
 * Branch hints, for listings and tools: which way a compiler expects an `if` or `br_if` to go. They do not affect
 * execution, and damage in the section never rejects a module. @spec binary-branchhints
 */
import { InvalidError, isQuernError, MalformedError } from '../errors/errors.ts';
import { instructions } from '../syntax/instructions.ts';
import type { FuncBody, Module } from '../syntax/module.ts';
import { ByteReader } from './byte-reader.ts';
import { InstructionReader } from './instruction-reader.ts';

/** Whether each hinted branch is likely to be taken, by the offset of the instruction in the binary. */
type BranchHints = ReadonlyMap<number, boolean>;

/** Name of the custom section. */
export const branchHintSection = 'metadata.code.branch_hint';

const fail = (r: ByteReader, detail: string): never => {
  throw new MalformedError('malformed.branch-hint', { section: branchHintSection, offset: r.pos, detail });
};

/** Reads the hints of one function; offsets count from the declaration of its locals. */
const readHints = (r: ByteReader, module: Module, body: FuncBody, hints: Map<number, boolean>): void => {
  const own = new Set<number>();
  r.list(() => {
    const offset = body.start + r.u32();
    if (r.u32() !== 1) fail(r, 'missing reserved byte');
    const value = r.byte();
    if (value > 1) fail(r, 'invalid hint value');
    hints.set(offset, value === 1);
    own.add(offset);
  });
  checkTargets(module, body, own);
};

/** Only branches on a condition can have a hint. */
const checkTargets = (module: Module, body: FuncBody, targets: Set<number>): void => {
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(body.codeStart, body.end);
  while (reader.pos < reader.end && targets.size > 0) {
    reader.read();
    const { name } = instructions[reader.row]!;
    if (name === 'if' || name === 'br_if') targets.delete(reader.offset);
  }
  for (const offset of targets)
    throw new InvalidError('invalid.branch-hint', { section: branchHintSection, offset });
};

/**
 * The hints of a module.
 *
 * @throws MalformedError for a damaged section
 * @throws InvalidError for a hint that is not at a branch
 */
export const decodeBranchHints = (module: Module): BranchHints => {
  const hints = new Map<number, boolean>();
  for (const { name, start, end } of module.customs) {
    if (name !== branchHintSection) continue;
    const r = new ByteReader(module.bytes, start, end);
    r.section = branchHintSection;
    r.list(() => {
      const body = module.funcs[r.u32()]?.body ?? fail(r, 'no such function');
      readHints(r, module, body, hints);
    });
  }
  return hints;
};

const none: BranchHints = new Map();
const cache = new WeakMap<Module, BranchHints>();

/** The hints of a module, empty if they are damaged; read once. */
export const branchHintsOf = (module: Module): BranchHints => {
  let hints = cache.get(module);
  if (hints !== undefined) return hints;
  try {
    hints = decodeBranchHints(module);
  } catch (error) {
    if (!isQuernError(error)) throw error;
    hints = none;
  }
  cache.set(module, hints);
  return hints;
};
