/**
 * Writes `src/interpreter/dispatch.generated.ts`: the loop of tier 0, from the table in `isa.ts` and the bodies
 * beside this file. Labels are numeric literals, since only those compile to a jump table (house plan §1).
 */
import { firstColdOp, type HotOp, type Op, ops } from '../../src/interpreter/isa.ts';
import {
  COLD_OP,
  DONE,
  NEED_FUEL,
  NO_FUEL,
  type TrapCode,
  trapCodes,
  trapStatus,
} from '../../src/interpreter/status.ts';
import { hotBodies } from './bodies.ts';

const statuses: Readonly<Record<string, number>> = { COLD_OP, DONE, NEED_FUEL, NO_FUEL };

const trap = (name: string): string => {
  if (!(trapCodes as readonly string[]).includes(name)) throw new Error(`unknown trap ${name}`);
  return `{r=${trapStatus(name as TrapCode)};break out}`;
};

/** The expression that reads operand n of an operation: its packed bits or its word. */
const operand = (op: Op, n: number): string => {
  const kind = op.layout[n - 1];
  if (kind === undefined) throw new Error(`${op.name} has no operand ${n}`);
  const isWide = kind === 'd' || kind === 's';
  if (n <= op.packed) {
    if (n === 1) return isWide ? '(w>>>9&4094)' : '(w>>>10&2047)';
    return isWide ? '(w>>>20&4094)' : '(w>>>21)';
  }
  // A branch operand counts once in the layout and takes two words, and is always last.
  return `C[pc+${n - op.packed}|0]`;
};

const callText = (returnPc: string): string =>
  `if((k+C[t-2|0]|0)>IL||sp>=SL)${trap('exhaustion.call-stack')}` +
  `S[sp]=${returnPc};S[sp+1|0]=fp;sp=sp+2|0;fp=k;dp=fp>>1;e=dp+C[t-3|0]|0;` +
  'for(k=dp+C[t-4|0]|0;k<e;k=k+1|0)D[k]=0;' +
  'pc=t;fuel=fuel-C[t-1|0]|0;if(fuel<0){r=NO_FUEL;break out}continue;';

const macros: readonly (readonly [RegExp, (op: Op, ...groups: string[]) => string])[] = [
  [
    /INDIRECT/g,
    () =>
      'x=R1;o=inst.tables[K4]!.elements;' +
      'if(x>>>0>=o.length)TRAP(trap.undefined-element);f=o[x] as FuncInstance|null;' +
      'if(f===null)TRAP(trap.uninitialised-element);' +
      // PERF: with this call left to cold code, too, `mandel` and `sieve` became 10 % slower.
      'if(f.typeId!==K3&&!isSubtype(f,K3))TRAP(trap.indirect-call-type);' +
      't=f.instance===inst?f.code!.entry:0;k=X2;if(t===0){r=COLD_OP;break out}' +
      'CALL(pc+LEN|0)',
  ],
  [/\bCALL\(([^)]*)\)/g, (_op, ret) => callText(ret!)],
  [
    /\bRET\b/g,
    () =>
      'sp=sp-2|0;pc=S[sp];fp=S[sp+1|0];dp=fp>>1;fuel=fuel-C[pc-1|0]|0;if(fuel<0){r=NO_FUEL;break out}continue;',
  ],
  [
    /ROTL/g,
    () =>
      'if(s>=32){t=x;x=y;y=t;s=s-32|0;}if(s===0){I[k]=x;I[k+1|0]=y;}else{I[k]=x<<s|y>>>32-s;I[k+1|0]=y<<s|x>>>32-s;}',
  ],
  [/TRUNC\b/g, () => `if(g!==g)TRAP(trap.invalid-conversion)else TRAP(trap.integer-overflow)`],
  [/TRAP\(([^)]*)\)/g, (_op, name) => trap(name!)],
  [
    /EA\((\d),(\d),(\d)\)/g,
    (_op, a, o, size) =>
      `ea=R${a};ea=(ea+K${o}|0)|ea>>31;if(ea<0||ea>(ms-${size}|0))${trap('trap.memory-bounds')}`,
  ],
  [
    /BR\((\d)\)/g,
    (op, n) => {
      const first = `${Number(n) - op.packed}`;
      return `fuel=fuel+C[pc+${Number(first) + 1}|0]|0;pc=C[pc+${first}|0];if(fuel<0){r=NO_FUEL;break out}continue;`;
    },
  ],
  [/\bX(\d)D/g, (op, n) => `dp+${operand(op, Number(n))}|0`],
  [/\bX(\d)/g, (op, n) => `fp+${operand(op, Number(n))}|0`],
  [/\bR(\d)/g, (op, n) => `I[fp+${operand(op, Number(n))}|0]`],
  [/\bH(\d)/g, (op, n) => `I[(fp+${operand(op, Number(n))}|0)+1|0]`],
  [/\bD(\d)/g, (op, n) => `D[dp+${operand(op, Number(n))}|0]`],
  [/\bF(\d)/g, (op, n) => `F[fp+${operand(op, Number(n))}|0]`],
  [/\bK(\d)/g, (op, n) => operand(op, Number(n))],
  [/\bLEN\b/g, (op) => `${op.length}`],
  [/\b(COLD_OP|DONE|NEED_FUEL|NO_FUEL)\b/g, (_op, name) => `${statuses[name!]}`],
];

const expand = (op: Op): string => {
  let text = hotBodies[op.name as HotOp];
  if (text === undefined) throw new Error(`no body for ${op.name}`);
  for (const [pattern, replace] of macros)
    text = text.replace(pattern, (_m, ...groups) => replace(op, ...(groups as string[])));
  const leaves = /(continue;?|break out;?\}?)$/.test(text) && !/\}$/.test(text.replace(/break out\}$/, ''));
  return leaves ? text : `${text}pc=pc+${op.length}|0;continue;`;
};

/** What the loop does for fuel: additions of words of code, and tests whether some is left. */
const metering = [
  /fuel=fuel[+-]C\[(?:[^\]]*)\]\|0;/g,
  /if\(fuel<0\)\{r=\d+;break out\}/g,
  /fuel=fuel-k\|0;/g,
] as const;
const withoutMetering = (text: string): string =>
  metering.reduce((rest, pattern) => rest.replaceAll(pattern, ''), text);

/**
 * The text of the generated file.
 *
 * @param isMetered false leaves out everything about fuel; only benchmarks want that, to know what it costs
 */
export const generateDispatch = (isMetered = true): string => {
  for (const name of Object.keys(hotBodies)) {
    if (!ops.some((op) => op.name === name && op.code < firstColdOp))
      throw new Error(`body of unknown operation ${name}`);
  }
  const cases = ops
    .slice(0, firstColdOp)
    .map((op) => `case ${op.code}:{/* ${op.name} */${isMetered ? expand(op) : withoutMetering(expand(op))}}`)
    .join('\n');
  return `/**
 * GENERATED by scripts/dispatch/generate-dispatch.ts from isa.ts; do not edit. \`npm run gen\` writes it anew.
 * The loop of tier 0; what the variables mean is in execution.ts.
 */
import type { MachineState } from './machine-state.ts';
import type { FuncInstance } from './function.ts';
import { i64_div_s, i64_div_u, i64_rem_s, i64_rem_u, popcnt32 } from './numerics/i64.ts';
import { nearest, truncSat32S, truncSat32U } from './numerics/floats.ts';

/** Runs until something stops it; returns a status of status.ts. */
export type Dispatch = (st: MachineState) => number;

/**
 * Everything of a process that the loop sees as constants. PERF: V8 embeds their addresses. Operations that are not
 * the loop's, and calls of other code, are made around it: made inside, they cost all other paths registers, and
 * \`mandel\`, \`collatz\` and \`sieve\` 15 to 20 % of their time.
 */
export const createDispatch = (
  code: Int32Array,
  callStack: Int32Array,
  words: Int32Array,
  doubles: Float64Array,
  floats: Float32Array,
  cold: (st: MachineState, op: number) => number,
  isSubtype: (func: FuncInstance, typeId: number) => boolean,
): Dispatch => {
  const loop = (st: MachineState): number => {
    const C=code,S=callStack,I=words,D=doubles,F=floats;
    let pc=st.pc|0,fp=st.fp|0,sp=st.sp|0,fuel=st.fuel|0,dp=fp>>1;
    const SL=st.callLimit|0,IL=st.stackLimit|0;
    const inst=st.instance,V=inst.memory0.view,ms=inst.memory0.byteLength,G=inst.globalWords;
    let w=0,r=0,x=0,y=0,z=0,t=0,k=0,e=0,s=0,ea=0,g=0.5;
    let o:readonly unknown[],f:FuncInstance|null;
    out:for(;;){w=C[pc];switch(w&1023){
${cases}
default:{r=${COLD_OP};break out}
    }}
    st.pc=pc;st.fp=fp;st.sp=sp;st.fuel=fuel;
    return r;
  };
  return (st: MachineState): number => {
    for(;;){
      let r=loop(st);
      if(r!==${COLD_OP})return r;
      r=cold(st,code[st.pc]!&1023);
      if(r!==0)return r;
    }
  };
};
`;
};
