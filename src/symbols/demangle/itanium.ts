/**
 * C++ names, `_Z…`: functions with their scopes, templates and parameters. Expressions in template arguments and a few
 * rarities are not supported; such names stay unchanged. @source Itanium C++ ABI §5.1
 */
import {
  builtinTypes,
  laterTypes,
  literalSuffixes,
  operators,
  standardClasses,
  standardNames,
} from './itanium-names.ts';
import { attempt, SymbolReader } from './symbol-reader.ts';

/** A type as text on both sides of its declarator: `void (*` and `)(int)`. */
interface CppType {
  readonly left: string;
  readonly right: string;
  /** Functions and arrays: pointers to them need parentheses. */
  readonly isDirect: boolean;
}

const plain = (left: string): CppType => ({ left, right: '', isDirect: false });
const shown = ({ left, right }: CppType): string => left + right;

/** An argument of a template; a list for a pack. */
type TemplateArg = string | readonly string[];

const argText = (arg: TemplateArg): string =>
  typeof arg === 'string' ? arg : arg.filter((item) => item !== '').join(', ');

/** A name, and the facts that decide how its parameters are written. */
interface CppName {
  readonly text: string;
  /** Qualifiers of a member function, which follow its parameters. */
  readonly suffix: string;
  /** Whether a return type comes first among the types. */
  readonly hasResult: boolean;
}

class CppReader extends SymbolReader {
  private readonly substitutions: CppType[] = [];
  /** Arguments of the current template, for `T_`. */
  private templateArgs: TemplateArg[] = [];
  /** While a pattern is read for each item of a pack: the item, and the number of items. */
  private expansion: { index: number; count: number } | null = null;
  /** Above 0 inside types and arguments, whose own template arguments `T_` does not refer to. */
  private inner = 0;

  private keep(type: CppType): CppType {
    this.made(shown(type));
    this.substitutions.push(type);
    return type;
  }

  /** @grammar encoding */
  encoding(): string {
    return this.nested(() => {
      if (this.eat('Th')) return this.thunk('non-virtual', 1);
      if (this.eat('Tv')) return this.thunk('virtual', 2);
      const { text, suffix, hasResult } = this.name();
      if (this.peek === '' || /[.E]/.test(this.peek)) return text;
      this.inner++;
      if (hasResult) this.type();
      const params = this.params(/[.E]|$/y);
      this.inner--;
      return this.made(`${text}(${params})${suffix}`);
    });
  }

  private thunk(kind: string, offsets: number): string {
    for (let i = 0; i < offsets; i++) {
      this.match(/n?\d+/y);
      this.expect('_');
    }
    return `${kind} thunk to ${this.encoding()}`;
  }

  /** Types up to what `end` matches; a single `void` means no types. */
  private params(end: RegExp): string {
    const types: string[] = [];
    for (;;) {
      end.lastIndex = this.pos;
      if (end.test(this.text)) break;
      types.push(shown(this.type()));
    }
    return types.length === 1 && types[0] === 'void' ? '' : types.filter((type) => type !== '').join(', ');
  }

  /** @grammar name */
  private name(): CppName {
    if (this.eat('N')) return this.nestedName();
    if (this.eat('Z')) return this.localName();
    let text: string;
    let isNew = true;
    if (this.eat('St')) text = `std::${this.unqualified('')}`;
    else if (this.peek === 'S') {
      text = shown(this.substitution());
      isNew = false;
    } else text = this.unqualified('');
    if (this.peek !== 'I') return { text, suffix: '', hasResult: false };
    if (isNew) this.keep(plain(text));
    return { text: text + this.arguments(), suffix: '', hasResult: true };
  }

  private localName(): CppName {
    const scope = this.encoding();
    this.expect('E');
    if (this.eat('s')) {
      this.match(/_\d|__\d+_/y);
      return { text: `${scope}::string literal`, suffix: '', hasResult: false };
    }
    if (this.eat('d')) {
      this.match(/\d*/y);
      this.expect('_');
    }
    const { text, ...rest } = this.name();
    this.match(/_\d|__\d+_/y);
    return { text: `${scope}::${text}`, ...rest };
  }

  /** @grammar nested-name */
  private nestedName(): CppName {
    const qualifiers = this.match(/r?V?K?/y);
    const reference = this.eat('R') ? ' &' : this.eat('O') ? ' &&' : '';
    const suffix = qualifierText(qualifiers) + reference;
    let text = '';
    let last = '';
    let hasResult = false;
    while (!this.eat('E')) {
      if (text === '' && this.peek === 'S') {
        const code = this.text.slice(this.pos, this.pos + 2);
        text = this.eat('St') ? 'std' : shown(this.substitution());
        // Constructors are named after the class itself, not after its abbreviation.
        if (/[CD]/.test(this.peek)) text = standardClasses[code] ?? text;
        continue;
      }
      if (this.peek === 'I') {
        if (text === '') this.fail();
        text += this.arguments();
        hasResult = !/^(?:C|D|cv)/.test(last);
      } else if (text === '' && this.peek === 'T') {
        text = this.templateParam();
        hasResult = false;
      } else {
        last = this.text.slice(this.pos, this.pos + 2);
        const part = this.unqualified(baseName(text));
        text = text === '' ? part : `${text}::${part}`;
        hasResult = false;
      }
      this.keep(plain(text));
    }
    // The whole name is not a prefix of anything; as a type it is added again.
    if (this.substitutions.pop() === undefined || text === '') this.fail();
    return { text, suffix, hasResult };
  }

  /** @grammar unqualified-name; `scope` is the class that constructors are named after */
  private unqualified(scope: string): string {
    let name = this.unqualifiedOf(scope);
    while (this.eat('B')) name += `[abi:${this.take(this.decimal())}]`;
    return this.made(name);
  }

  private unqualifiedOf(scope: string): string {
    this.eat('L');
    if (/\d/.test(this.peek)) {
      const text = this.take(this.decimal());
      return /^_GLOBAL_[._$]N/.test(text) ? '(anonymous namespace)' : text;
    }
    if (this.match(/C[123]/y) !== '') return scope === '' ? this.fail() : scope;
    if (this.match(/D[0125]/y) !== '') return scope === '' ? this.fail() : `~${scope}`;
    if (this.eat('Ul')) {
      const params = this.params(/E/y);
      this.expect('E');
      return `'lambda${this.ordinal()}'(${params})`;
    }
    if (this.eat('Ut')) return `'unnamed${this.ordinal()}'`;
    if (this.eat('cv')) return `operator ${shown(this.type())}`;
    if (this.eat('li')) return `operator"" ${this.take(this.decimal())}`;
    const operator = operators[this.take(2)];
    return operator === undefined ? this.fail() : `operator${operator}`;
  }

  private ordinal(): string {
    const digits = this.match(/\d{0,6}/y);
    this.expect('_');
    return digits;
  }

  /** @grammar template-args */
  private arguments(): string {
    this.expect('I');
    const isOutermost = this.inner === 0;
    this.inner++;
    const args: TemplateArg[] = [];
    if (isOutermost) this.templateArgs = args;
    while (!this.eat('E')) args.push(this.argument());
    this.inner--;
    return this.made(`<${argText(args.map(argText))}>`);
  }

  private argument(): TemplateArg {
    return this.nested(() => {
      if (this.eat('L')) return this.literal();
      if (!this.eat('J')) return shown(this.type());
      const args: string[] = [];
      while (!this.eat('E')) args.push(argText(this.argument()));
      return args;
    });
  }

  private literal(): string {
    if (this.eat('_Z')) {
      const text = this.encoding();
      this.expect('E');
      return text;
    }
    const tag = this.peek;
    const type = shown(this.type());
    const digits = this.match(/n?\d+/y).replace('n', '-');
    this.expect('E');
    if (digits === '') return type === 'std::nullptr_t' ? 'nullptr' : this.fail();
    if (tag === 'b') return digits === '0' ? 'false' : 'true';
    const suffix = literalSuffixes[tag];
    return suffix === undefined ? `(${type})${digits}` : digits + suffix;
  }

  /** @grammar template-param */
  private templateParam(): string {
    this.expect('T');
    const digits = this.match(/\d{0,3}/y);
    this.expect('_');
    const arg = this.templateArgs[digits === '' ? 0 : Number(digits) + 1] ?? this.fail();
    if (typeof arg === 'string' || this.expansion === null) return argText(arg);
    this.expansion.count = arg.length;
    return arg[this.expansion.index] ?? '';
  }

  /** A pattern once for each item of the packs in it. */
  private expanded(): CppType {
    const outer = this.expansion;
    const expansion = { index: 0, count: 1 };
    this.expansion = expansion;
    const start = this.pos;
    const items = [shown(this.type())];
    const { pos } = this;
    const kept = this.substitutions.length;
    for (expansion.index = 1; expansion.index < expansion.count; expansion.index++) {
      this.pos = start;
      items.push(this.made(shown(this.type())));
      this.pos = pos;
      this.substitutions.length = kept;
    }
    this.expansion = outer;
    return plain(expansion.count === 0 ? '' : items.join(', '));
  }

  /** @grammar substitution */
  private substitution(): CppType {
    this.expect('S');
    const standard = standardNames[this.peek];
    if (standard !== undefined) {
      this.next();
      return plain(standard);
    }
    const digits = this.match(/[0-9A-Z]{0,4}/y);
    this.expect('_');
    const found = this.substitutions[digits === '' ? 0 : Number.parseInt(digits, 36) + 1] ?? this.fail();
    this.made(shown(found));
    return found;
  }

  private type(): CppType {
    return this.nested(() => this.typeOf());
  }

  /** @grammar type */
  private typeOf(): CppType {
    const tag = this.peek;
    const builtin = builtinTypes[tag];
    if (builtin !== undefined && !/[rVK]/.test(tag)) {
      this.next();
      return plain(builtin);
    }
    const qualifiers = this.match(/r?V?K?/y);
    if (qualifiers !== '') {
      const { left, right, isDirect } = this.type();
      const text = qualifierText(qualifiers);
      return this.keep(
        isDirect ? { left, right: right + text, isDirect } : { left: left + text, right, isDirect },
      );
    }
    switch (tag) {
      case 'P':
      case 'R':
      case 'O':
        this.next();
        return this.keep(pointer(this.type(), tag === 'P' ? '*' : tag === 'R' ? '&' : '&&'));
      case 'F':
        return this.keep(this.functionType());
      case 'A':
        return this.keep(this.arrayType());
      case 'M': {
        this.next();
        const owner = shown(this.type());
        const member = this.type();
        return this.keep(pointer(member, `${member.isDirect ? '' : ' '}${owner}::*`));
      }
      case 'D':
        return this.laterType();
      case 'T': {
        const type = this.keep(plain(this.templateParam()));
        return this.peek === 'I' ? this.keep(plain(shown(type) + this.arguments())) : type;
      }
      case 'S':
        if (!this.text.startsWith('St', this.pos)) {
          const type = this.substitution();
          return this.peek === 'I' ? this.keep(plain(shown(type) + this.arguments())) : type;
        }
        break;
      default:
    }
    this.inner++;
    const { text } = this.name();
    this.inner--;
    return this.keep(plain(text));
  }

  private laterType(): CppType {
    this.expect('D');
    if (this.eat('p')) return this.expanded();
    const later = laterTypes[this.next()];
    return later === undefined ? this.fail() : plain(later);
  }

  /** @grammar function-type */
  private functionType(): CppType {
    this.expect('F');
    this.eat('Y');
    const result = this.type();
    const params = this.params(/[RO]?E/y);
    const reference = this.eat('R') ? ' &' : this.eat('O') ? ' &&' : '';
    this.expect('E');
    return { left: `${result.left} `, right: `(${params})${reference}${result.right}`, isDirect: true };
  }

  /** @grammar array-type */
  private arrayType(): CppType {
    this.expect('A');
    const length = this.match(/\d*/y);
    this.expect('_');
    const { left, right } = this.type();
    return { left, right: ` [${length}]${right.trimStart()}`, isDirect: true };
  }
}

const qualifierText = (qualifiers: string): string =>
  (qualifiers.includes('K') ? ' const' : '') +
  (qualifiers.includes('V') ? ' volatile' : '') +
  (qualifiers.includes('r') ? ' restrict' : '');

const pointer = ({ left, right, isDirect }: CppType, sign: string): CppType => {
  if (isDirect) return { left: `${left.trimEnd()} (${sign}`, right: `)${right}`, isDirect: false };
  // References to references collapse.
  if (sign === '&&' && left.includes('(&)')) return { left, right, isDirect };
  if (sign.startsWith('&') && left.endsWith('&'))
    return { left: sign === '&' ? left.replace(/&+$/, '&') : left, right, isDirect };
  return { left: left + sign, right, isDirect };
};

/** Last part of a scope, without template arguments: the name of its constructors. */
const baseName = (scope: string): string => {
  let depth = 0;
  let end = scope.length;
  for (let i = scope.length - 1; i >= 0; i--) {
    if (scope[i] === '>') depth++;
    else if (scope[i] === '<' && --depth === 0) end = i;
    else if (scope[i] === ':' && depth === 0) return scope.slice(i + 1, end);
  }
  return scope.slice(0, end);
};

/** The function that a name denotes; null if it is not of this mangling, or not fully understood. */
export const demangleItanium = (name: string): string | null => {
  const start = /^_{1,3}Z/.exec(name)?.[0].length;
  if (start === undefined) return null;
  return attempt(() => {
    const r = new CppReader(name, start);
    const text = r.encoding();
    if (r.pos === name.length) return text;
    // Suffixes of optimisers: `.llvm.123`, `.cold`.
    return r.peek === '.' ? `${text} (${name.slice(r.pos)})` : r.fail();
  });
};
