/** The context for printing instructions and fields: indices as identifiers, types in the text format. */
import type { InstructionTextContext } from '../decoder/instruction-text.ts';
import type { ImmediateKind } from '../syntax/immediates.ts';
import type { Module } from '../syntax/module.ts';
import { heapTypeName, valTypeName } from '../syntax/type-names.ts';
import {
  type FuncType,
  type HeapType,
  heapOf,
  inexactHeap,
  isExactHeap,
  isNullable,
  isRef,
  type ValType,
} from '../syntax/types.ts';
import { type NamedSpace, PrintedNames } from './print-names.ts';

/** Spaces of indices with identifiers. */
const spaceOf: Readonly<Partial<Record<ImmediateKind, NamedSpace>>> = {
  funcidx: 'func',
  typeidx: 'type',
  tableidx: 'table',
  memidx: 'memory',
  globalidx: 'global',
  tagidx: 'tag',
  elemidx: 'elem',
  dataidx: 'data',
};

export class PrintContext implements InstructionTextContext {
  readonly module: Module;
  readonly names: PrintedNames;
  /** Identifiers of the open labels, innermost last; null if a label has none. */
  readonly labels: (string | null)[] = [];

  /** @param module with indices as the ids of types */
  constructor(module: Module) {
    this.module = module;
    this.names = new PrintedNames(module);
  }

  index(kind: ImmediateKind, index: number): string {
    if (kind === 'localidx') return this.names.useLocal(index);
    if (kind === 'labelidx') return this.label(index);
    const space = spaceOf[kind];
    return space === undefined ? `${index}` : this.names.use(space, index);
  }

  /** A label by its identifier, unless an inner one has the same. */
  private label(index: number): string {
    const { labels } = this;
    const id = labels[labels.length - 1 - index];
    if (id === null || id === undefined) return `${index}`;
    return labels.lastIndexOf(id) === labels.length - 1 - index ? id : `${index}`;
  }

  field(type: number, index: number): string {
    return this.names.useField(type, index);
  }

  heapType(heap: HeapType): string {
    if (heap < 0) return heapTypeName(heap);
    const index = this.names.use('type', inexactHeap(heap));
    return isExactHeap(heap) ? `(exact ${index})` : index;
  }

  valType(type: ValType): string {
    if (!isRef(type) || heapOf(type) < 0) return valTypeName(type);
    return `(ref ${isNullable(type) ? 'null ' : ''}${this.heapType(heapOf(type))})`;
  }

  group(keyword: string, types: readonly ValType[]): string {
    return types.length === 0 ? '' : `(${keyword} ${types.map((type) => this.valType(type)).join(' ')})`;
  }

  /** The function type of an index, if it is one. */
  funcType(index: number): FuncType | null {
    const comp = this.module.types[index]?.comp;
    return comp?.kind === 'func' ? comp : null;
  }

  /** `(type 0) (param i32) (result i32)`: the written-out type is for people, and the reader checks it. */
  typeUse(index: number): string {
    const type = this.funcType(index);
    const use = `(type ${this.names.use('type', index)})`;
    return type === null ? use : [use, ...this.signature(type)].join(' ');
  }

  signature({ params, results }: FuncType): string[] {
    return [this.group('param', params), this.group('result', results)].filter(Boolean);
  }
}
