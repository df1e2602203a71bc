/**
 * Rust's newer mangling, `_R…`: a grammar of paths and types with references back into the name.
 * @source RFC 2603, "Rust symbol name mangling v0"
 */
import { attempt, SymbolReader } from './symbol-reader.ts';

const basicTypes: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/** The beginning of the symbol proper: positions in back references count from here. */
const BASE = 2;

class RustReader extends SymbolReader {
  /** Lifetimes that enclosing `for<…>` have bound. */
  private bound = 0;

  /** @grammar base-62-number: `_` is 0, `0_` is 1 */
  private base62(): number {
    const digits = this.match(/[0-9a-zA-Z]{0,12}/y);
    this.expect('_');
    let value = 0;
    for (const digit of digits) {
      const code = digit.charCodeAt(0);
      value = value * 62 + (code < 58 ? code - 48 : code < 91 ? code - 65 + 36 : code - 97 + 10);
    }
    return digits === '' ? 0 : value + 1;
  }

  private optional(tag: string): number {
    return this.eat(tag) ? this.base62() + 1 : 0;
  }

  /** Reads something at an earlier position; references to later ones would never end. */
  private back<T>(read: () => T): T {
    const from = this.pos - 1;
    const target = BASE + this.base62();
    if (target >= from) this.fail();
    const after = this.pos;
    this.pos = target;
    const value = this.nested(read);
    this.pos = after;
    return value;
  }

  private plainIdentifier(): string {
    const isPunycode = this.eat('u');
    const length = this.decimal();
    this.eat('_');
    const text = this.take(length);
    return isPunycode ? `punycode{${text}}` : text;
  }

  private identifier(): { name: string; disambiguator: number } {
    const disambiguator = this.optional('s');
    return { name: this.plainIdentifier(), disambiguator };
  }

  /** @grammar path; in values generic arguments need `::<` */
  path(isValue: boolean): string {
    return this.nested(() => this.made(this.pathOf(this.next(), isValue)));
  }

  private pathOf(tag: string, isValue: boolean): string {
    switch (tag) {
      case 'C':
        return this.identifier().name;
      case 'M':
        this.implPath();
        return `<${this.type()}>`;
      case 'X':
        this.implPath();
        return this.asTrait();
      case 'Y':
        return this.asTrait();
      case 'N':
        return this.nestedPath(isValue);
      case 'I': {
        const path = this.path(isValue);
        const args = this.listTo('E', () => this.genericArg());
        return `${path}${isValue ? '::' : ''}<${args.join(', ')}>`;
      }
      case 'B':
        return this.back(() => this.path(isValue));
      default:
        return this.fail();
    }
  }

  private nestedPath(isValue: boolean): string {
    const namespace = this.next();
    if (!/[a-zA-Z]/.test(namespace)) this.fail();
    const path = this.path(isValue);
    const { name, disambiguator } = this.identifier();
    if (namespace >= 'a') return name === '' ? path : `${path}::${name}`;
    const kind = namespace === 'C' ? 'closure' : namespace === 'S' ? 'shim' : namespace;
    return `${path}::{${kind}${name === '' ? '' : `:${name}`}#${disambiguator}}`;
  }

  /** The path of an `impl` block is its location, which is not shown. */
  private implPath(): void {
    this.optional('s');
    this.path(false);
  }

  private asTrait(): string {
    const type = this.type();
    return `<${type} as ${this.path(false)}>`;
  }

  private listTo<T>(end: string, read: () => T): T[] {
    const items: T[] = [];
    while (!this.eat(end)) items.push(read());
    return items;
  }

  private genericArg(): string {
    if (this.eat('L')) return this.lifetime(this.base62());
    return this.eat('K') ? this.constant() : this.type();
  }

  private lifetime(index: number): string {
    if (index === 0) return "'_";
    const depth = this.bound - index;
    if (depth < 0) this.fail();
    return depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`;
  }

  /** Runs a part in which the lifetimes of an optional `for<…>` are known. */
  private binder(read: () => string): string {
    const count = this.optional('G');
    if (count > 26) this.fail();
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      this.bound++;
      names.push(this.lifetime(1));
    }
    const text = read();
    this.bound -= count;
    return count === 0 ? text : `for<${names.join(', ')}> ${text}`;
  }

  type(): string {
    return this.nested(() => this.made(this.typeOf()));
  }

  private typeOf(): string {
    const tag = this.next();
    const basic = basicTypes[tag];
    if (basic !== undefined) return basic;
    switch (tag) {
      case 'A': {
        const type = this.type();
        return `[${type}; ${this.constant()}]`;
      }
      case 'S':
        return `[${this.type()}]`;
      case 'T': {
        const types = this.listTo('E', () => this.type());
        return `(${types.join(', ')}${types.length === 1 ? ',' : ''})`;
      }
      case 'R':
      case 'Q': {
        const index = this.eat('L') ? this.base62() : 0;
        const lifetime = index === 0 ? '' : `${this.lifetime(index)} `;
        return `&${lifetime}${tag === 'Q' ? 'mut ' : ''}${this.type()}`;
      }
      case 'P':
        return `*const ${this.type()}`;
      case 'O':
        return `*mut ${this.type()}`;
      case 'F':
        return this.binder(() => this.signature());
      case 'D':
        return this.dynamic();
      case 'B':
        return this.back(() => this.type());
      default:
        this.pos--;
        return this.path(false);
    }
  }

  private signature(): string {
    const unsafe = this.eat('U') ? 'unsafe ' : '';
    let abi = '';
    if (this.eat('K')) abi = `extern "${this.eat('C') ? 'C' : this.plainIdentifier().replaceAll('_', '-')}" `;
    const params = this.listTo('E', () => this.type());
    const result = this.type();
    return `${unsafe}${abi}fn(${params.join(', ')})${result === '()' ? '' : ` -> ${result}`}`;
  }

  private dynamic(): string {
    const text = this.binder(() => this.listTo('E', () => this.dynTrait()).join(' + '));
    this.expect('L');
    const index = this.base62();
    return `dyn ${text}${index === 0 ? '' : ` + ${this.lifetime(index)}`}`;
  }

  private dynTrait(): string {
    const path = this.path(false);
    const bindings: string[] = [];
    while (this.eat('p')) {
      const name = this.plainIdentifier();
      bindings.push(`${name} = ${this.type()}`);
    }
    if (bindings.length === 0) return path;
    return path.endsWith('>')
      ? `${path.slice(0, -1)}, ${bindings.join(', ')}>`
      : `${path}<${bindings.join(', ')}>`;
  }

  private constant(): string {
    return this.nested(() => this.made(this.constantOf()));
  }

  private constantOf(): string {
    if (this.eat('p')) return '_';
    if (this.eat('B')) return this.back(() => this.constant());
    const type = this.next();
    const sign = this.eat('n') ? '-' : '';
    const hex = this.match(/[0-9a-f]{0,32}/y);
    this.expect('_');
    const value = BigInt(`0x0${hex}`);
    if (type === 'b') return value === 0n ? 'false' : 'true';
    if (type === 'c') return value < 0x110000n ? `'${String.fromCodePoint(Number(value))}'` : this.fail();
    return /[ahijlmnostxy]/.test(type) ? `${sign}${value}` : this.fail();
  }
}

/** The path that a name denotes; null if it is not of this mangling. */
export const demangleRustV0 = (name: string): string | null =>
  attempt(() => {
    const r = new RustReader(name, BASE);
    const path = r.path(true);
    // After the path: the crate that instantiated it, and suffixes of tools.
    if (r.pos < name.length && !/[A-Z.$]/.test(r.peek)) r.fail();
    return path;
  });
