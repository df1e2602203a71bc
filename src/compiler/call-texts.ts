/** The texts of calls that leave generated code: arguments and results are passed in words of the machine. */
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { F32, F64, type FuncType, I64 } from '../syntax/types.ts';
import { readText, writeText } from './frame-text.ts';

/** The contents of the word `k`, where a frame of the callee would be. */
interface Border {
  /** Parameters; for an i64, its two words. */
  readonly names: readonly string[];
  /** Statements that write the arguments. */
  readonly write: string;
  /** Conditions under which a result is a NaN that generated code does not support. */
  readonly raw: readonly string[];
  /** Statements that read the results and return the first one. */
  readonly read: string;
}

const borderOf = ({ params, results }: FuncType): Border => {
  const read = results.map((type, i) => {
    const high = type === I64 ? `I[k+${2 * i + 1}]` : null;
    if (i === 0) return high === null ? '' : `HI=${high};`;
    return `R[${2 * i}]=${readText(type, i)};${high === null ? '' : `R[${2 * i + 1}]=${high};`}`;
  });
  return {
    names: params.map((type, i) => (type === I64 ? `l${i},h${i}` : `l${i}`)),
    write: params.map((type, i) => writeText(type, i, `l${i}`, `h${i}`)).join(''),
    raw: results.flatMap((type, i) => {
      const value = readText(type, i);
      if (type === F32) return [`(${value}!==${value}&&I[k+${2 * i}]!==${CANONICAL_NAN_32})`];
      if (type === F64)
        return [`(${value}!==${value}&&(I[k+${2 * i}]!==0||I[k+${2 * i + 1}]!==${CANONICAL_NAN_64_HIGH}))`];
      return [];
    }),
    read: `${read.join('')}${results.length === 0 ? '' : `return ${readText(results[0]!, 0)}`}`,
  };
};

/** The text of a function that makes the call of a function of the host, from the arguments of `HostCalls.link`. */
export const hostCallText = (type: FuncType): string => {
  const { names, write, raw, read } = borderOf(type);
  // The test after the call finds fuel below zero.
  const odd = ['p!==void 0', 'm.isLookDue&&!A.ask(0)', 'M.view!==v', 'M.byteLength!==s', ...raw].join('||');
  return [
    'function(H,L,A,func,M,refs,E,price){var host=func.host,b=func.borderWords,slots=b>>1,brief=func.isBrief;',
    `return function(${['w', ...names].join(',')}){`,
    'var m=A.m,k=A.ceiling-2*w,f=FU-price,v=M.view,s=M.byteLength,p;',
    // A function that is not brief may read the stack.
    'if(w<slots||(!brief&&m.isSeen))L.leaveCall();',
    'if(f<0)f=H.pay(FU,price,M);',
    write,
    'm.fuel=f;m.top=k+b;if(!brief)m.isLookDue=m.isWatched;',
    'try{p=host(I,k,m,refs)}catch(e){H.func=func;H.base=k;H.failure=e;H.hasFailed=true;L.call=H;throw E}',
    `if(${odd}){H.func=func;H.base=k;H.fuel=f;H.promise=p;L.call=H;throw E}`,
    'FU=m.fuel;',
    read,
    '}}',
  ].join('');
};

/**
 * The text of a function that calls a function in the interpreter, from the arguments of `InterpretedCalls.link`.
 */
export const interpretedCallText = (type: FuncType): string => {
  const { names, write, raw, read } = borderOf(type);
  return [
    'function(H,A,func,M){var slots=func.borderWords>>1;',
    `return function(${['w', ...names].join(',')}){`,
    'var k=A.ceiling-2*w,v=M.view,s=M.byteLength;',
    'if(w<slots)H.refuse(func);',
    write,
    'FU=H.run(func,FU,k,w);',
    `if(${['M.view!==v', 'M.byteLength!==s', ...raw].join('||')})H.leave(func,k);`,
    read,
    '}}',
  ].join('');
};
