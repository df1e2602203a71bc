/** The text of a call of a function of the host. */
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { F32, F64, type FuncType, I64 } from '../syntax/types.ts';
import { readText, writeText } from './frame-text.ts';

/** The text of a function that makes the call of a function of the host, from what `HostCalls.link` hands over. */
export const hostCallText = ({ params, results }: FuncType): string => {
  const names = params.map((type, i) => (type === I64 ? `l${i},h${i}` : `l${i}`));
  const write = params.map((type, i) => writeText(type, i, `l${i}`, `h${i}`));
  // The words hold the results already, with all bits of a NaN.
  const raw = results.flatMap((type, i) => {
    const value = readText(type, i);
    if (type === F32) return [`(${value}!==${value}&&I[k+${2 * i}]!==${CANONICAL_NAN_32})`];
    if (type === F64)
      return [`(${value}!==${value}&&(I[k+${2 * i}]!==0||I[k+${2 * i + 1}]!==${CANONICAL_NAN_64_HIGH}))`];
    return [];
  });
  const read = results.flatMap((type, i) => {
    const high = type === I64 ? `I[k+${2 * i + 1}]` : null;
    if (i === 0) return high === null ? [] : [`HI=${high};`];
    return [`R[${2 * i}]=${readText(type, i)};`, ...(high === null ? [] : [`R[${2 * i + 1}]=${high};`])];
  });
  // Fuel below zero is found by the test behind the call.
  const odd = ['p!==void 0', 'm.isLookDue&&!m.refill(0)', 'M.view!==v', 'M.byteLength!==s', ...raw].join(
    '||',
  );
  return [
    'function(H,L,A,func,M,refs,E,price){var host=func.host,b=func.borderWords,slots=b>>1,brief=func.isBrief;',
    `return function(${['w', ...names].join(',')}){`,
    'var m=A.m,k=A.ceiling-2*w,f=FU-price,v=M.view,s=M.byteLength,p;',
    // A function that is not brief may look at the stack.
    'if(w<slots||(!brief&&m.isSeen))L.leaveCall();',
    'if(f<0)f=H.pay(FU,price,M);',
    ...write,
    'm.fuel=f;m.top=k+b;if(!brief)m.isLookDue=m.isWatched;',
    'try{p=host(I,k,m,refs)}catch(e){H.func=func;H.base=k;H.failure=e;H.hasFailed=true;L.isInCall=true;throw E}',
    `if(${odd}){H.func=func;H.base=k;H.fuel=f;H.promise=p;L.isInCall=true;throw E}`,
    'FU=m.fuel;',
    ...read,
    results.length === 0 ? '' : `return ${readText(results[0]!, 0)}`,
    '}}',
  ].join('');
};
