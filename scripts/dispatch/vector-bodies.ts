/**
 * What each vector operation does, as the text that the generator prints into the vector loop.
 *
 * `d`, `a`, `b` are the word indices of the destination and the first two sources; `c` that of a third, where
 * the body says `C3`. Temporaries are those of the template. A source may lie where the destination does:
 * operations whose lanes cross read everything before they write. Lanes of 8 and 16 bits are computed four or
 * two at a time in a word, with the borders between lanes kept clear.
 */

/** One body: its text, and its length in words. */
export interface VectorBody {
  readonly text: string;
  readonly length: number;
}

const bodies: Record<string, VectorBody> = {};
const UNARY = 3;
const BINARY = 4;
const TERNARY = 5;
const LOAD = 6;
const LANE_ACCESS = 7;
/** Longest work on a word, in characters, that is written out for each of the four. */
const MOST_UNROLLED = 32;

const put = (name: string, length: number, text: string): void => {
  if (name in bodies) throw new Error(`two bodies for ${name}`);
  bodies[name] = { text, length };
};
/** An index with a constant added. */
const at = (index: string, n: number): string => (n === 0 ? index : `${index}+${n}`);
const four = (f: (n: number) => string): string => [0, 1, 2, 3].map(f).join('');
const two = (f: (n: number) => string): string => [0, 1].map(f).join('');
/** Writes four words. */
const write = (...words: readonly string[]): string =>
  words.map((word, n) => `I[${at('d', n)}]=${word};`).join('');
const readA = four((n) => `${'xyzt'[n]}=I[${at('a', n)}];`);

/**
 * Word by word, unrolled where a word takes little text. PERF: the function must stay under the size that V8
 * optimises (house plan §1, fact 2), and a short loop costs less than a call.
 */
const words = (sources: string, work: string, result: string): string => {
  const text = (n: number): string => {
    const read = [...sources].map((source, i) => `${'xy'[i]}=I[${at(source, n)}];`).join('');
    return `${read}${work}I[${at('d', n)}]=${result};`;
  };
  if (work.length + result.length < MOST_UNROLLED) return four(text);
  const steps = ['d', ...sources].map((index) => `${index}=${index}+1|0`).join();
  return `for(s=d+4|0;d<s;${steps}){${text(0)}}`;
};
/** Word by word: from x to an expression, with statements before it. */
const unary = (name: string, result: string, before = ''): void =>
  put(name, UNARY, words('a', before, result));
/** Word by word: from x and y to an expression. */
const binary = (name: string, result: string, before = ''): void =>
  put(name, BINARY, words('ab', before, result));
/** Word by word: a shift by k. */
const shift = (name: string, count: string, result: string, before = ''): void =>
  put(name, BINARY, `k=I[b]&${count};${before}${words('a', '', result)}`);

// Moves

put('mov', UNARY, readA + write('x', 'y', 'z', 't'));
put(
  'const',
  6,
  four((n) => `I[${at('d', n)}]=C[pc+${2 + n}|0];`),
);
put('select', TERNARY, `C3if(I[c]===0)a=b;${readA}${write('x', 'y', 'z', 't')}`);
put(
  'global_get',
  UNARY,
  `G=inst.globalWords;k=C[pc+2|0];${four((n) => `I[${at('d', n)}]=G[${at('k', n)}];`)}`,
);
put(
  'global_set',
  BINARY,
  `G=inst.globalWords;k=C[pc+3|0];${four((n) => `G[${at('k', n)}]=I[${at('a', n)}];`)}`,
);
put(
  'global_get_far',
  UNARY,
  `k=inst.globals[C[pc+2|0]]!.offset;G=inst.globals[C[pc+2|0]]!.words;${four((n) => `I[${at('d', n)}]=G[${at('k', n)}];`)}`,
);
put(
  'global_set_far',
  BINARY,
  `k=inst.globals[C[pc+3|0]]!.offset;G=inst.globals[C[pc+3|0]]!.words;${four((n) => `G[${at('k', n)}]=I[${at('a', n)}];`)}`,
);
// Immediates are places in the frame, of words or of bytes.
put('shuffle32', 6, four((n) => `${'xyzt'[n]}=I[fp+C[pc+${2 + n}|0]|0];`) + write('x', 'y', 'z', 't'));
put(
  'i8x16.shuffle',
  18,
  'k=fp<<2;' +
    four((n) => {
      const byte = (i: number): string => `UB[k+C[pc+${2 + 4 * n + i}|0]|0]<<${8 * i}`;
      return `${'xyzt'[n]}=${[0, 1, 2, 3].map(byte).join('|')};`;
    }) +
    write('x', 'y', 'z', 't'),
);
put(
  'i8x16.swizzle',
  BINARY,
  'k=a<<2;e=b<<2;' +
    four((n) => {
      const byte = (i: number): string => {
        const index = `s=UB[${at('e', 4 * n + i)}];`;
        return `${index}if(s<16)${'xyzt'[n]}|=UB[k+s|0]<<${8 * i};`;
      };
      return `${'xyzt'[n]}=0;${[0, 1, 2, 3].map(byte).join('')}`;
    }) +
    write('x', 'y', 'z', 't'),
);
put('i8x16.splat', UNARY, `x=Math.imul(I[a]&255,16843009);${write('x', 'x', 'x', 'x')}`);
put('i16x8.splat', UNARY, `x=I[a]&65535;x=x|x<<16;${write('x', 'x', 'x', 'x')}`);
put('i32x4.splat', UNARY, `x=I[a];${write('x', 'x', 'x', 'x')}`);
put('i64x2.splat', UNARY, `x=I[a];y=I[a+1|0];${write('x', 'y', 'x', 'y')}`);
// The operand of an extraction is the place of the lane, counted in lanes from the frame.
put('i8x16.extract_lane_s', UNARY, 'I[d]=SB[(fp<<2)+C[pc+2|0]|0];');
put('i8x16.extract_lane_u', UNARY, 'I[d]=UB[(fp<<2)+C[pc+2|0]|0];');
put('i16x8.extract_lane_s', UNARY, 'I[d]=SH[(fp<<1)+C[pc+2|0]|0];');
put('i16x8.extract_lane_u', UNARY, 'I[d]=UH[(fp<<1)+C[pc+2|0]|0];');
put('i32x4.extract_lane', UNARY, 'I[d]=I[a];');
const replace = (name: string, store: string): void =>
  put(name, TERNARY, `s=I[b];e=C[pc+4|0];k=I[b+1|0];${readA}${write('x', 'y', 'z', 't')}${store}`);
replace('i8x16.replace_lane', 'UB[(d<<2)+e|0]=s;');
replace('i16x8.replace_lane', 'UH[(d<<1)+e|0]=s;');
replace('i32x4.replace_lane', 'I[d+e|0]=s;');
replace('i64x2.replace_lane', 'e=d+(e<<1)|0;I[e]=s;I[e+1|0]=k;');

// Bits

unary('v128.not', '~x');
binary('v128.and', 'x&y');
binary('v128.andnot', 'x&~y');
binary('v128.or', 'x|y');
binary('v128.xor', 'x^y');
put(
  'v128.bitselect',
  TERNARY,
  `C3${four((n) => `x=I[${at('c', n)}];I[${at('d', n)}]=I[${at('a', n)}]&x|I[${at('b', n)}]&~x;`)}`,
);
put('v128.any_true', UNARY, 'I[d]=(I[a]|I[a+1|0]|I[a+2|0]|I[a+3|0])!==0?1:0;');

// Integer lanes of 8 and 16 bits, several in a word

interface Packing {
  readonly shape: string;
  /** The highest bit of each lane, all others, the lowest. */
  readonly high: number;
  readonly low: number;
  readonly one: number;
  /** Position of the highest bit, and a lane of ones. */
  readonly top: number;
  readonly full: number;
}
const packings: readonly Packing[] = [
  { shape: 'i8x16', high: 0x80808080 | 0, low: 0x7f7f7f7f, one: 0x01010101, top: 7, full: 255 },
  { shape: 'i16x8', high: 0x80008000 | 0, low: 0x7fff7fff, one: 0x00010001, top: 15, full: 65535 },
];

for (const { shape, high: H, low: L, one: O, top, full } of packings) {
  const op = (name: string): string => `${shape}.${name}`;
  /** Lanes of ones from lanes whose highest bit alone may be set. */
  const fill = (bits: string): string => `Math.imul((${bits})>>>${top},${full})`;
  const add = `(x&${L})+(y&${L})^(x^y)&${H}`;
  const sub = `(x|${H})-(y&${L})^(x^~y)&${H}`;
  /** Highest bits of the lanes where p < q; uses z. */
  const less = (p: string, q: string, sign: string): readonly [string, string] => [
    `z=(${p}|${H})-(${q}&${L})|0;`,
    `(${sign === 'u' ? `~${p}&${q}` : `${p}&~${q}`}|~(${p}^${q})&~z)&${H}`,
  ];
  const isZero = `~((z&${L})+${L}|z|${L})`;
  binary(op('add'), add);
  binary(op('sub'), sub);
  unary(op('neg'), `${H}-(x&${L})^~x&${H}`);
  unary(op('abs'), sub, `y=${fill(`x&${H}`)};x=x^y;`);
  binary(op('eq'), fill(isZero), 'z=x^y;');
  binary(op('ne'), `~${fill(isZero)}`, 'z=x^y;');
  for (const sign of ['s', 'u']) {
    const [before, bits] = less('x', 'y', sign);
    const [beforeSwapped, bitsSwapped] = less('y', 'x', sign);
    binary(op(`lt_${sign}`), fill(bits), before);
    binary(op(`le_${sign}`), `~${fill(bitsSwapped)}`, beforeSwapped);
    binary(op(`min_${sign}`), 'x&z|y&~z', `${before}z=${fill(bits)};`);
    binary(op(`max_${sign}`), 'y&z|x&~z', `${before}z=${fill(bits)};`);
  }
  binary(op('add_sat_u'), `z|${fill(`(x&y|(x|y)&~z)&${H}`)}`, `z=${add};`);
  const [before, bits] = less('x', 'y', 'u');
  binary(op('sub_sat_u'), `t&~${fill(bits)}`, `t=${sub};${before}`);
  // A sum that left its range becomes the largest lane, or for a negative x the one behind it: the smallest.
  const saturated = `z&~t|(x>>>${top}&${O})+${L}&t`;
  binary(op('add_sat_s'), saturated, `z=${add};t=${fill(`~(x^y)&(x^z)&${H}`)};`);
  binary(op('sub_sat_s'), saturated, `z=${sub};t=${fill(`(x^y)&(x^z)&${H}`)};`);
  binary(op('avgr_u'), `(x|y)-((x^y)>>>1&${L})`);
  shift(op('shl'), `${top}`, 'x<<k&z', `z=Math.imul(${O},${full}<<k&${full});`);
  shift(op('shr_u'), `${top}`, 'x>>>k&z', `z=Math.imul(${O},${full}>>>k);`);
  shift(op('shr_s'), `${top}`, `x>>>k&z|${fill(`x&${H}`)}&~z`, `z=Math.imul(${O},${full}>>>k);`);
  put(op('all_true'), UNARY, `t=0;${four((n) => `z=I[${at('a', n)}];t=t|${isZero};`)}I[d]=t===0?1:0;`);
}
put(
  'i8x16.bitmask',
  UNARY,
  // One multiplication brings the four bits side by side.
  `t=0;${four((n) => `t=t|Math.imul(I[${at('a', n)}]>>>7&16843009,270549120)>>>28<<${4 * n};`)}I[d]=t;`,
);
put(
  'i16x8.bitmask',
  UNARY,
  `t=0;${four((n) => `x=I[${at('a', n)}]>>>15&65537;t=t|((x|x>>>15)&3)<<${2 * n};`)}I[d]=t;`,
);
unary('i8x16.popcnt', 'x+(x>>>4)&252645135', 'x=x-(x>>>1&1431655765)|0;x=(x&858993459)+(x>>>2&858993459)|0;');
binary('i16x8.mul', 'Math.imul(x,y)&65535|Math.imul(x>>>16,y>>>16)<<16');
binary('i16x8.q15mulr_sat_s', 'q15mulr(x,y)');
unary('i16x8.extadd_pairwise_i8x16_s', '(x<<24>>24)+(x<<16>>24)&65535|(x<<8>>24)+(x>>24)<<16');
unary('i16x8.extadd_pairwise_i8x16_u', '(x&16711935)+(x>>>8&16711935)');
unary('i32x4.extadd_pairwise_i16x8_s', '(x<<16>>16)+(x>>16)');
unary('i32x4.extadd_pairwise_i16x8_u', '(x&65535)+(x>>>16)');
binary('i32x4.dot_i16x8_s', 'Math.imul(x<<16>>16,y<<16>>16)+Math.imul(x>>16,y>>16)');
binary('i16x8.relaxed_dot_i8x16_i7x16_s', 'dot8(x,y)');
put(
  'i32x4.relaxed_dot_i8x16_i7x16_add_s',
  TERNARY,
  `C3${four((n) => `x=dot8(I[${at('a', n)}],I[${at('b', n)}]);I[${at('d', n)}]=(x<<16>>16)+(x>>16)+I[${at('c', n)}];`)}`,
);
for (const [name, f] of [
  ['i8x16.narrow_i16x8_s', 'narrow8S'],
  ['i8x16.narrow_i16x8_u', 'narrow8U'],
  ['i16x8.narrow_i32x4_s', 'narrow16S'],
  ['i16x8.narrow_i32x4_u', 'narrow16U'],
]) {
  const word = (from: string, n: number): string => `${f}(I[${at(from, n)}],I[${at(from, n + 1)}])`;
  put(
    name!,
    BINARY,
    `x=${word('a', 0)};y=${word('a', 2)};z=${word('b', 0)};t=${word('b', 2)};${write('x', 'y', 'z', 't')}`,
  );
}

// Lanes that become twice as wide

/** Expressions of the narrow lanes of a word, by position and sign. */
const lane8 = (w: string, i: number, sign: string): string =>
  sign === 's'
    ? i === 3
      ? `${w}>>24`
      : `${w}<<${24 - 8 * i}>>24`
    : i === 3
      ? `${w}>>>24`
      : i === 0
        ? `${w}&255`
        : `${w}>>>${8 * i}&255`;
const lane16 = (w: string, i: number, sign: string): string =>
  sign === 's' ? (i === 1 ? `${w}>>16` : `${w}<<16>>16`) : i === 1 ? `${w}>>>16` : `${w}&65535`;

/** Writes the words x and y with lanes twice as wide. */
const widen: Readonly<Record<string, (sign: string) => string>> = {
  i16x8: (sign) =>
    write(
      ...['x', 'y'].flatMap((w) =>
        [0, 2].map((i) => `(${lane8(w, i, sign)})&65535|(${lane8(w, i + 1, sign)})<<16`),
      ),
    ),
  i32x4: (sign) => write(...['x', 'y'].flatMap((w) => [lane16(w, 0, sign), lane16(w, 1, sign)])),
  i64x2: (sign) => write('x', sign === 's' ? 'x>>31' : '0', 'y', sign === 's' ? 'y>>31' : '0'),
};
/** High word of the product of two 32-bit words, from the double product; e is the low word. */
const highProduct = (p: string, q: string, sign: string): string =>
  `g=((${p}>>>0)*(${q}>>>0)-(e>>>0))*2.3283064365386963e-10+0.5;` +
  (sign === 's' ? `s=(g|0)-(${p}>>31&${q})-(${q}>>31&${p})|0;` : 's=g|0;');
const multiplyWidened: Readonly<Record<string, (sign: string) => string>> = {
  i16x8: (sign) =>
    write(
      ...[
        ['x', 'z'],
        ['y', 't'],
      ].flatMap(([p, q]) =>
        [0, 2].map((i) => {
          const product = (n: number): string => `Math.imul(${lane8(p!, n, sign)},${lane8(q!, n, sign)})`;
          return `${product(i)}&65535|${product(i + 1)}<<16`;
        }),
      ),
    ),
  i32x4: (sign) =>
    write(
      ...[
        ['x', 'z'],
        ['y', 't'],
      ].flatMap(([p, q]) => [0, 1].map((i) => `Math.imul(${lane16(p!, i, sign)},${lane16(q!, i, sign)})`)),
    ),
  i64x2: (sign) =>
    `e=Math.imul(x,z);${highProduct('x', 'z', sign)}I[d]=e;I[d+1|0]=s;` +
    `e=Math.imul(y,t);${highProduct('y', 't', sign)}I[d+2|0]=e;I[d+3|0]=s;`,
};
for (const [shape, from] of [
  ['i16x8', 'i8x16'],
  ['i32x4', 'i16x8'],
  ['i64x2', 'i32x4'],
] as const) {
  for (const sign of ['s', 'u']) {
    for (const [half, n] of [
      ['low', 0],
      ['high', 2],
    ] as const) {
      const read = `x=I[${at('a', n)}];y=I[${at('a', n + 1)}];`;
      put(`${shape}.extend_${half}_${from}_${sign}`, UNARY, read + widen[shape]!(sign));
      put(
        `${shape}.extmul_${half}_${from}_${sign}`,
        BINARY,
        `${read}z=I[${at('b', n)}];t=I[${at('b', n + 1)}];${multiplyWidened[shape]!(sign)}`,
      );
    }
  }
}

// Integer lanes of 32 bits

binary('i32x4.add', 'x+y');
binary('i32x4.sub', 'x-y');
binary('i32x4.mul', 'Math.imul(x,y)');
unary('i32x4.neg', '0-x');
unary('i32x4.abs', 'x<0?0-x:x');
binary('i32x4.eq', 'x===y?-1:0');
binary('i32x4.ne', 'x!==y?-1:0');
for (const [sign, p, q] of [
  ['s', 'x', 'y'],
  ['u', 'x>>>0', 'y>>>0'],
]) {
  binary(`i32x4.lt_${sign}`, `${p}<${q}?-1:0`);
  binary(`i32x4.le_${sign}`, `${p}<=${q}?-1:0`);
  binary(`i32x4.min_${sign}`, `${p}<${q}?x:y`);
  binary(`i32x4.max_${sign}`, `${p}<${q}?y:x`);
}
shift('i32x4.shl', '31', 'x<<k');
shift('i32x4.shr_s', '31', 'x>>k');
shift('i32x4.shr_u', '31', 'x>>>k');
put('i32x4.all_true', UNARY, 'I[d]=I[a]!==0&&I[a+1|0]!==0&&I[a+2|0]!==0&&I[a+3|0]!==0?1:0;');
put('i32x4.bitmask', UNARY, 'I[d]=I[a]>>>31|I[a+1|0]>>>31<<1|I[a+2|0]>>>31<<2|I[a+3|0]>>>31<<3;');

// Integer lanes of 64 bits: x, y of the first operand and z, t of the second

const lanes64 = (isBinary: boolean, text: (n: number) => string): string =>
  two(
    (n) =>
      `x=I[${at('a', 2 * n)}];y=I[${at('a', 2 * n + 1)}];` +
      (isBinary ? `z=I[${at('b', 2 * n)}];t=I[${at('b', 2 * n + 1)}];` : '') +
      text(n),
  );
const write64 = (n: number, low: string, high: string): string =>
  `I[${at('d', 2 * n + 1)}]=${high};I[${at('d', 2 * n)}]=${low};`;
const binary64 = (name: string, low: string, high: string, before = ''): void =>
  put(
    `i64x2.${name}`,
    BINARY,
    lanes64(true, (n) => before + write64(n, low, high)),
  );
binary64('add', 'k', 'y+t+(k>>>0<z>>>0?1:0)', 'k=x+z|0;');
binary64('sub', 'x-z', 'y-t-(x>>>0<z>>>0?1:0)');
binary64('mul', 'e', 's+Math.imul(x,t)+Math.imul(y,z)', `e=Math.imul(x,z);${highProduct('x', 'z', 'u')}`);
for (const [name, test] of [
  ['eq', 'x===z&&y===t'],
  ['ne', 'x!==z||y!==t'],
  ['lt_s', 'y<t||y===t&&x>>>0<z>>>0'],
  ['le_s', 'y<t||y===t&&x>>>0<=z>>>0'],
]) {
  binary64(name!, 'k', 'k', `k=${test}?-1:0;`);
}
put(
  'i64x2.neg',
  UNARY,
  lanes64(false, (n) => write64(n, '0-x', '~y+(x===0?1:0)')),
);
put(
  'i64x2.abs',
  UNARY,
  lanes64(false, (n) => `if(y<0){y=~y+(x===0?1:0)|0;x=0-x|0;}${write64(n, 'x', 'y')}`),
);
for (const [name, small, large] of [
  ['shl', ['x<<s', 'y<<s|x>>>32-s'], ['0', 'x<<s']],
  ['shr_u', ['x>>>s|y<<32-s', 'y>>>s'], ['y>>>s', '0']],
  ['shr_s', ['x>>>s|y<<32-s', 'y>>s'], ['y>>s', 'y>>31']],
] as const) {
  const lane = (n: number): string =>
    `if(s===0){${write64(n, 'x', 'y')}}else if(s<32){${write64(n, small[0], small[1])}}else{${write64(n, large[0], large[1])}}`;
  put(`i64x2.${name}`, BINARY, `s=I[b]&63;${lanes64(false, lane)}`);
}
put('i64x2.all_true', UNARY, 'I[d]=(I[a]|I[a+1|0])!==0&&(I[a+2|0]|I[a+3|0])!==0?1:0;');
put('i64x2.bitmask', UNARY, 'I[d]=I[a+1|0]>>>31|I[a+3|0]>>>31<<1;');

// Float lanes. DETERMINISM: every NaN that is produced is the positive canonical one (engine.md §1).

const setF = (n: number): string => `if(g===g)F[${at('d', n)}]=g;else I[${at('d', n)}]=2143289344;`;
/** k is the index of the destination in doubles. */
const setD = (n: number): string =>
  `if(g===g)D[${at('k', n)}]=g;else{I[${at('d', 2 * n)}]=0;I[${at('d', 2 * n + 1)}]=2146959360;}`;
const doubles = 'k=d>>1;e=a>>1;s=b>>1;';

for (const [name, f] of [
  ['add', (p: string, q: string) => `${p}+${q}`],
  ['sub', (p: string, q: string) => `${p}-${q}`],
  ['mul', (p: string, q: string) => `${p}*${q}`],
  ['div', (p: string, q: string) => `${p}/${q}`],
  ['min', (p: string, q: string) => `Math.min(${p},${q})`],
  ['max', (p: string, q: string) => `Math.max(${p},${q})`],
] as const) {
  // Rounding the double result once more is exact for + - * / and square root (Figueroa 1995).
  put(
    `f32x4.${name}`,
    BINARY,
    four((n) => `g=${f(`F[${at('a', n)}]`, `F[${at('b', n)}]`)};${setF(n)}`),
  );
  put(
    `f64x2.${name}`,
    BINARY,
    doubles + two((n) => `g=${f(`D[${at('e', n)}]`, `D[${at('s', n)}]`)};${setD(n)}`),
  );
}
for (const [name, f] of [
  ['ceil', 'Math.ceil'],
  ['floor', 'Math.floor'],
  ['trunc', 'Math.trunc'],
  ['nearest', 'nearest'],
  ['sqrt', 'Math.sqrt'],
]) {
  put(
    `f32x4.${name}`,
    UNARY,
    four((n) => `g=${f}(F[${at('a', n)}]);${setF(n)}`),
  );
  put(`f64x2.${name}`, UNARY, `k=d>>1;e=a>>1;${two((n) => `g=${f}(D[${at('e', n)}]);${setD(n)}`)}`);
}
unary('f32x4.abs', 'x&2147483647');
unary('f32x4.neg', 'x^-2147483648');
put(
  'f64x2.abs',
  UNARY,
  lanes64(false, (n) => write64(n, 'x', 'y&2147483647')),
);
put(
  'f64x2.neg',
  UNARY,
  lanes64(false, (n) => write64(n, 'x', 'y^-2147483648')),
);
for (const [name, relation] of [
  ['eq', '==='],
  ['ne', '!=='],
  ['lt', '<'],
  ['le', '<='],
]) {
  put(
    `f32x4.${name}`,
    BINARY,
    four((n) => `I[${at('d', n)}]=F[${at('a', n)}]${relation}F[${at('b', n)}]?-1:0;`),
  );
  put(
    `f64x2.${name}`,
    BINARY,
    `e=a>>1;s=b>>1;${two((n) => `x=D[${at('e', n)}]${relation}D[${at('s', n)}]?-1:0;${write64(n, 'x', 'x')}`)}`,
  );
}
// These two choose between bits, and make none. @spec op-fpmin @spec op-fpmax
for (const [name, p, q] of [
  ['pmin', 'b', 'a'],
  ['pmax', 'a', 'b'],
] as const) {
  put(
    `f32x4.${name}`,
    BINARY,
    four((n) => `I[${at('d', n)}]=F[${at(p, n)}]<F[${at(q, n)}]?I[${at('b', n)}]:I[${at('a', n)}];`),
  );
  const index = (source: string): string => (source === 'a' ? 'e' : 's');
  put(
    `f64x2.${name}`,
    BINARY,
    `e=a>>1;s=b>>1;${two((n) => `k=D[${at(index(p), n)}]<D[${at(index(q), n)}]?b:a;x=I[${at('k', 2 * n)}];y=I[${at('k', 2 * n + 1)}];${write64(n, 'x', 'y')}`)}`,
  );
}
for (const [name, sign] of [
  ['relaxed_madd', ''],
  ['relaxed_nmadd', '-'],
]) {
  put(
    `f32x4.${name}`,
    TERNARY,
    `C3${four((n) => `g=Math.fround(${sign}F[${at('a', n)}]*F[${at('b', n)}])+F[${at('c', n)}];${setF(n)}`)}`,
  );
  put(
    `f64x2.${name}`,
    TERNARY,
    `C3c=c>>1;${doubles}${two((n) => `g=${sign}D[${at('e', n)}]*D[${at('s', n)}]+D[${at('c', n)}];${setD(n)}`)}`,
  );
}
for (const [sign, suffix, unsigned] of [
  ['s', 'S', ''],
  ['u', 'U', '>>>0'],
] as const) {
  put(
    `i32x4.trunc_sat_f32x4_${sign}`,
    UNARY,
    four((n) => `I[${at('d', n)}]=truncSat32${suffix}(F[${at('a', n)}]);`),
  );
  put(
    `i32x4.trunc_sat_f64x2_${sign}_zero`,
    UNARY,
    `e=a>>1;x=truncSat32${suffix}(D[e]);y=truncSat32${suffix}(D[e+1|0]);${write('x', 'y', '0', '0')}`,
  );
  put(
    `f32x4.convert_i32x4_${sign}`,
    UNARY,
    four((n) => `F[${at('d', n)}]=I[${at('a', n)}]${unsigned};`),
  );
  put(
    `f64x2.convert_low_i32x4_${sign}`,
    UNARY,
    `k=d>>1;x=I[a];y=I[a+1|0];D[k]=x${unsigned};D[k+1|0]=y${unsigned};`,
  );
}
put(
  'f32x4.demote_f64x2_zero',
  UNARY,
  `e=a>>1;h=D[e+1|0];g=D[e];${setF(0)}g=h;${setF(1)}I[d+2|0]=0;I[d+3|0]=0;`,
);
put('f64x2.promote_low_f32x4', UNARY, `k=d>>1;h=F[a+1|0];g=F[a];${setD(0)}g=h;${setD(1)}`);

// Memory

const read = (n: number): string => `V.getInt32(${at('e', n)},true)`;
put('v128.load', LOAD, `EA(16)${write(read(0), read(4), read(8), read(12))}`);
put('v128.store', LOAD, `EA(16)${four((n) => `V.setInt32(${at('e', 4 * n)},I[${at('b', n)}],true);`)}`);
for (const [name, shape] of [
  ['load8x8', 'i16x8'],
  ['load16x4', 'i32x4'],
  ['load32x2', 'i64x2'],
]) {
  for (const sign of ['s', 'u'])
    put(`v128.${name}_${sign}`, LOAD, `EA(8)x=${read(0)};y=${read(4)};${widen[shape!]!(sign)}`);
}
put('v128.load8_splat', LOAD, `EA(1)x=Math.imul(V.getUint8(e),16843009);${write('x', 'x', 'x', 'x')}`);
put('v128.load16_splat', LOAD, `EA(2)x=V.getUint16(e,true);x=x|x<<16;${write('x', 'x', 'x', 'x')}`);
put('v128.load32_splat', LOAD, `EA(4)x=${read(0)};${write('x', 'x', 'x', 'x')}`);
put('v128.load64_splat', LOAD, `EA(8)x=${read(0)};y=${read(4)};${write('x', 'y', 'x', 'y')}`);
put('v128.load32_zero', LOAD, `EA(4)${write(read(0), '0', '0', '0')}`);
put('v128.load64_zero', LOAD, `EA(8)${write(read(0), read(4), '0', '0')}`);
const copyB = four((n) => `${'xyzt'[n]}=I[${at('b', n)}];`) + write('x', 'y', 'z', 't');
const lane = 'k=C[pc+6|0];';
put('v128.load8_lane', LANE_ACCESS, `EA(1)${lane}${copyB}UB[(d<<2)+k|0]=V.getUint8(e);`);
put('v128.load16_lane', LANE_ACCESS, `EA(2)${lane}${copyB}UH[(d<<1)+k|0]=V.getUint16(e,true);`);
put('v128.load32_lane', LANE_ACCESS, `EA(4)${lane}${copyB}I[d+k|0]=${read(0)};`);
put('v128.load64_lane', LANE_ACCESS, `EA(8)${lane}${copyB}k=d+(k<<1)|0;I[k]=${read(0)};I[k+1|0]=${read(4)};`);
put('v128.store8_lane', LANE_ACCESS, `EA(1)${lane}V.setUint8(e,UB[(b<<2)+k|0]);`);
put('v128.store16_lane', LANE_ACCESS, `EA(2)${lane}V.setUint16(e,UH[(b<<1)+k|0],true);`);
put('v128.store32_lane', LANE_ACCESS, `EA(4)${lane}V.setInt32(e,I[b+k|0],true);`);
put(
  'v128.store64_lane',
  LANE_ACCESS,
  `EA(8)${lane}k=b+(k<<1)|0;V.setInt32(e,I[k],true);V.setInt32(e+4|0,I[k+1|0],true);`,
);

/** The bodies by operation; the generator checks that none is missing or unknown. */
export const vectorBodies: Readonly<Record<string, VectorBody>> = bodies;
