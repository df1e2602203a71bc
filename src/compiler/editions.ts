/**
 * The text from which the instances of a unit get their functions.
 *
 * The first instance makes each function separately, with its views of memory as constants: this makes programs 10 to
 * 20 % faster. The JavaScript engine has to warm these up, so further instances share an edition: one text with all
 * existing functions, made once and called for each. Functions that are called often in the meantime are made
 * separately.
 */
import type { CodeUnit } from '../interpreter/code/compiled-module.ts';
import { editionText, interpretedText, placedText } from './edition-text.ts';
import { EVALUATE, makeScope, seesScope } from './function-constructor.ts';
import type { GeneratedFunction } from './generate.ts';
import type { CodeSource } from './link.ts';
import type { CompiledFunction, Edition } from './scope.ts';

/** An edition is worth making again if it lacks this share of the existing text, or has made instances generate it. */
const LACKING = 0.2;
/** If functions cannot be made separately: also when it was requested this often. */
const MANY_REQUESTS = 100;

/** Most characters of the functions of an edition, which V8 reads in one go, in 30 ms. The first to be made run most. */
const MOST_SHARED = 3 * 2 ** 19;

/** Makes texts differ. PERF: V8 gives equal texts the same code, which then has no constant functions of the host. */
let texts = 0;
export class Editions implements CodeSource {
  readonly leavesLoops = true;
  /** Whether functions can be made separately; null before it was tried. */
  canEvaluate: boolean | null = null;
  private readonly unit: CodeUnit;
  private readonly functions = new Map<number, GeneratedFunction>();
  private textLength = 0;
  private current: Edition | null = null;
  /** Characters of text of the functions in it. */
  private currentLength = 0;
  /** Whether there are functions for which it has no room. */
  private isFull = false;
  private requests = 0;
  /** Characters of the functions that instances had to make separately, since it lacks them. */
  private madeAgain = 0;
  private hasInstance = false;

  constructor(unit: CodeUnit) {
    this.unit = unit;
  }

  add(func: GeneratedFunction): void {
    this.functions.set(func.id, func);
    this.textLength += func.text.length;
  }

  edition(): Edition {
    this.canEvaluate ??= seesScope();
    if (!this.hasInstance && this.canEvaluate) {
      this.hasInstance = true;
      const text = `${editionText(this.unit, [], EVALUATE)}//${++texts}`;
      return { characters: text.length, functions: new Map(), makeScope: makeScope(text) };
    }
    const { current } = this;
    return current === null || this.isLacking || (!this.isFull && this.madeAgain > LACKING * this.textLength)
      ? this.renew()
      : current;
  }

  private get isLacking(): boolean {
    return !this.isFull && this.currentLength < (1 - LACKING) * this.textLength;
  }

  editionWith({ id }: CompiledFunction): Edition | null {
    const { current } = this;
    if (current?.functions.has(id)) return current;
    return this.isLacking || ++this.requests >= MANY_REQUESTS ? this.renew() : null;
  }

  private renew(): Edition {
    const functions = new Map<number, GeneratedFunction>();
    this.currentLength = 0;
    for (const func of this.functions.values()) {
      const length = this.currentLength + func.text.length;
      // If functions cannot be made separately, all are in it.
      this.isFull = this.canEvaluate === true && length > MOST_SHARED;
      if (this.isFull) break;
      functions.set(func.id, func);
      this.currentLength = length;
    }
    const text = editionText(this.unit, [...functions.values()], this.canEvaluate ? EVALUATE : '');
    const edition = { characters: text.length, functions, makeScope: makeScope(text) };
    this.requests = 0;
    this.madeAgain = 0;
    this.current = edition;
    return edition;
  }

  placedText(func: CompiledFunction, generation: number, isLinked: (index: number) => boolean): string {
    const made = func as GeneratedFunction;
    if (this.current !== null && !this.current.functions.has(func.id)) this.madeAgain += made.text.length;
    const links = made.callees
      .filter((index) => !isLinked(index))
      .map((index) => this.interpretedText(index));
    const text = placedText(this.unit, made, generation, links.join(''));
    // PERF: V8 keeps the whole text; a part of it needs no additional memory (a twelfth of a module of 14 MB).
    const start = text.indexOf(made.text);
    made.text = text.slice(start, start + made.text.length);
    return text;
  }

  interpretedText(index: number): string {
    return interpretedText(this.unit.module, index);
  }
}
