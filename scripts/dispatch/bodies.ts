/**
 * What each hot operation does, as the text that the generator prints into the loop.
 *
 * Macros: `R1` the 32-bit word of operand 1 (its low half), `H1` its high half, `D1` its f64, `F1` its f32,
 * `X1` its word index, `K1` its immediate. `BR(n)` takes the branch whose operands begin at n. `TRAP(name)`
 * leaves with that trap. `EA(n, m, size)` sets `ea` to the address in operand n plus the offset in operand m,
 * bounds checked. `CALL(base, target, return)` enters a function. Bodies assign only the temporaries that the
 * template declares: block-scoped variables cost the loop its optimisation (engine.md §3).
 */
import type { HotOp } from '../../src/interpreter/isa.ts';

type Bodies = Record<string, string>;

const i32Binary: Readonly<Record<string, (a: string, b: string) => string>> = {
  add: (a, b) => `${a}+${b}|0`,
  sub: (a, b) => `${a}-${b}|0`,
  mul: (a, b) => `Math.imul(${a},${b})`,
  and: (a, b) => `${a}&${b}`,
  or: (a, b) => `${a}|${b}`,
  xor: (a, b) => `${a}^${b}`,
  shl: (a, b) => `${a}<<${b}`,
  shr_s: (a, b) => `${a}>>${b}`,
  shr_u: (a, b) => `${a}>>>${b}|0`,
};
const i32Compare: Readonly<Record<string, (a: string, b: string) => string>> = {
  eq: (a, b) => `${a}===${b}`,
  ne: (a, b) => `${a}!==${b}`,
  lt_s: (a, b) => `${a}<${b}`,
  ge_s: (a, b) => `${a}>=${b}`,
  lt_u: (a, b) => `${a}>>>0<${b}>>>0`,
  ge_u: (a, b) => `${a}>>>0>=${b}>>>0`,
};
/** Comparison of the pairs (x, y) and (z, t): low and high halves. */
const i64Compare: Readonly<Record<string, string>> = {
  eq: 'x===z&&y===t',
  ne: 'x!==z||y!==t',
  lt_s: 'y<t||y===t&&x>>>0<z>>>0',
  ge_s: 'y>t||y===t&&x>>>0>=z>>>0',
  lt_u: 'y>>>0<t>>>0||y===t&&x>>>0<z>>>0',
  ge_u: 'y>>>0>t>>>0||y===t&&x>>>0>=z>>>0',
};
const floatCompare: Readonly<Record<string, (a: string, b: string) => string>> = {
  eq: (a, b) => `${a}===${b}`,
  ne: (a, b) => `${a}!==${b}`,
  lt: (a, b) => `${a}<${b}`,
  le: (a, b) => `${a}<=${b}`,
  nlt: (a, b) => `!(${a}<${b})`,
  nle: (a, b) => `!(${a}<=${b})`,
};

/** Stores g as an f64 result, every NaN as the positive canonical one. DETERMINISM: engine.md §1. */
const setD1 = 'k=X1D;D[k]=g;if(g!==g){I[k<<1]=0;I[(k<<1)+1|0]=2146959360;}';
/** Stores g as an f32 result, likewise. */
const setF1 = 'k=X1;F[k]=g;if(g!==g)I[k]=2143289344;';

const bodies: Bodies = {
  mov32: 'R1=R2;',
  mov64: 'k=X1;e=X2;I[k]=I[e];I[k+1|0]=I[e+1|0];',
  const32: 'R1=K2;',
  const64: 'k=X1;I[k]=K2;I[k+1|0]=K3;',
  select32: 'R1=R4!==0?R2:R3;',
  select64: 'k=X1;if(R4!==0)e=X2;else e=X3;I[k]=I[e];I[k+1|0]=I[e+1|0];',

  i32_rotl_rr: 'x=R2;y=R3;R1=x<<y|x>>>(32-y&31);',
  i32_rotr_rr: 'x=R2;y=R3;R1=x>>>y|x<<(32-y&31);',
  i32_rotl_ri: 'x=R2;y=K3;R1=x<<y|x>>>(32-y&31);',
  i32_div_s_rr:
    'x=R2;y=R3;if(y===0)TRAP(trap.divide-by-zero);if(y===-1&&x===-2147483648)TRAP(trap.integer-overflow);R1=x/y|0;',
  i32_div_u_rr: 'x=R2;y=R3;if(y===0)TRAP(trap.divide-by-zero);R1=(x>>>0)/(y>>>0)|0;',
  i32_rem_s_rr: 'x=R2;y=R3;if(y===0)TRAP(trap.divide-by-zero);R1=x%y|0;',
  i32_rem_u_rr: 'x=R2;y=R3;if(y===0)TRAP(trap.divide-by-zero);R1=(x>>>0)%(y>>>0)|0;',
  // Immediate divisors are neither 0 nor -1.
  i32_div_s_ri: 'R1=R2/K3|0;',
  i32_div_u_ri: 'R1=(R2>>>0)/(K3>>>0)|0;',
  i32_rem_s_ri: 'R1=R2%K3|0;',
  i32_rem_u_ri: 'R1=(R2>>>0)%(K3>>>0)|0;',
  i32_eqz: 'R1=R2===0?1:0;',
  i32_clz: 'R1=Math.clz32(R2);',
  i32_ctz: 'x=R2;R1=x===0?32:31-Math.clz32(x&-x);',
  i32_popcnt: 'R1=popcnt32(R2);',
  i32_extend8_s: 'R1=R2<<24>>24;',
  i32_extend16_s: 'R1=R2<<16>>16;',
  br_i32_nz: 'if(R1!==0){BR(2)}',
  br_i32_z: 'if(R1===0){BR(2)}',

  i64_add_rr: 'k=X1;e=X3;x=R2;y=H2;z=I[e];x=x+z|0;I[k+1|0]=(y+I[e+1|0]|0)+(x>>>0<z>>>0?1:0)|0;I[k]=x;',
  i64_add_ri: 'k=X1;z=K3;x=R2+z|0;I[k+1|0]=(H2+K4|0)+(x>>>0<z>>>0?1:0)|0;I[k]=x;',
  i64_sub_rr: 'k=X1;e=X3;x=R2;y=H2;z=I[e];I[k+1|0]=(y-I[e+1|0]|0)-(x>>>0<z>>>0?1:0)|0;I[k]=x-z|0;',
  // The high word of the low product, from the double product: exact after the low word is taken off.
  i64_mul_rr:
    'k=X1;e=X3;x=R2;y=H2;z=I[e];t=I[e+1|0];e=Math.imul(x,z);g=((x>>>0)*(z>>>0)-(e>>>0))*2.3283064365386963e-10+0.5;I[k+1|0]=(g|0)+(Math.imul(x,t)+Math.imul(y,z)|0)|0;I[k]=e;',
  i64_rotl_rr: 's=R3&63;x=R2;y=H2;k=X1;ROTL',
  i64_rotr_rr: 's=-R3&63;x=R2;y=H2;k=X1;ROTL',
  i64_rotl_ri: 's=K3;x=R2;y=H2;k=X1;ROTL',
  i64_eqz: 'R1=(R2|H2)===0?1:0;',
  i64_clz: 'k=X1;y=H2;I[k]=y===0?32+Math.clz32(R2)|0:Math.clz32(y);I[k+1|0]=0;',
  i64_ctz: 'k=X1;x=R2;y=H2;I[k]=x!==0?31-Math.clz32(x&-x):y!==0?63-Math.clz32(y&-y):64;I[k+1|0]=0;',
  i64_popcnt: 'k=X1;I[k]=popcnt32(R2)+popcnt32(H2);I[k+1|0]=0;',
  i64_extend8_s: 'k=X1;x=R2<<24>>24;I[k]=x;I[k+1|0]=x>>31;',
  i64_extend16_s: 'k=X1;x=R2<<16>>16;I[k]=x;I[k+1|0]=x>>31;',
  i64_extend32_s: 'k=X1;x=R2;I[k]=x;I[k+1|0]=x>>31;',
  i64_extend32_u: 'k=X1;I[k]=R2;I[k+1|0]=0;',
  br_i64_nz: 'if((R1|H1)!==0){BR(2)}',
  br_i64_z: 'if((R1|H1)===0){BR(2)}',

  f32_min: `g=Math.min(F2,F3);${setF1}`,
  f32_max: `g=Math.max(F2,F3);${setF1}`,
  f32_copysign: 'R1=R2&2147483647|R3&-2147483648;',
  f32_abs: 'R1=R2&2147483647;',
  f32_neg: 'R1=R2^-2147483648;',
  f32_ceil: `g=Math.ceil(F2);${setF1}`,
  f32_floor: `g=Math.floor(F2);${setF1}`,
  f32_trunc: `g=Math.trunc(F2);${setF1}`,
  f32_nearest: `g=nearest(F2);${setF1}`,
  f32_sqrt: `g=Math.sqrt(F2);${setF1}`,
  f64_min: `g=Math.min(D2,D3);${setD1}`,
  f64_max: `g=Math.max(D2,D3);${setD1}`,
  f64_copysign: 'k=X1;x=R2;y=H2&2147483647|H3&-2147483648;I[k]=x;I[k+1|0]=y;',
  f64_abs: 'k=X1;I[k]=R2;I[k+1|0]=H2&2147483647;',
  f64_neg: 'k=X1;I[k]=R2;I[k+1|0]=H2^-2147483648;',
  f64_ceil: `g=Math.ceil(D2);${setD1}`,
  f64_floor: `g=Math.floor(D2);${setD1}`,
  f64_trunc: `g=Math.trunc(D2);${setD1}`,
  f64_nearest: `g=nearest(D2);${setD1}`,
  f64_sqrt: `g=Math.sqrt(D2);${setD1}`,

  f64_convert_i32_s: 'D1=R2;',
  f64_convert_i32_u: 'D1=R2>>>0;',
  f64_convert_i64_s: 'D1=H2*4294967296+(R2>>>0);',
  f64_convert_i64_u: 'D1=(H2>>>0)*4294967296+(R2>>>0);',
  f32_convert_i32_s: 'F1=R2;',
  f32_convert_i32_u: 'F1=R2>>>0;',
  f64_promote_f32: `g=F2;${setD1}`,
  f32_demote_f64: `g=D2;${setF1}`,
  i32_trunc_f64_s: 'g=D2;if(!(g>-2147483649&&g<2147483648)){TRUNC}R1=~~g;',
  i32_trunc_f64_u: 'g=D2;if(!(g>-1&&g<4294967296)){TRUNC}R1=g>>>0|0;',
  i32_trunc_sat_f64_s: 'R1=truncSat32S(D2);',
  i32_trunc_sat_f64_u: 'R1=truncSat32U(D2);',

  i32_load: 'EA(2,3,4)R1=V.getInt32(ea,true);',
  i32_load8_s: 'EA(2,3,1)R1=V.getInt8(ea);',
  i32_load8_u: 'EA(2,3,1)R1=V.getUint8(ea);',
  i32_load16_s: 'EA(2,3,2)R1=V.getInt16(ea,true);',
  i32_load16_u: 'EA(2,3,2)R1=V.getUint16(ea,true);',
  i64_load: 'EA(2,3,8)k=X1;I[k]=V.getInt32(ea,true);I[k+1|0]=V.getInt32(ea+4|0,true);',
  i64_load8_s: 'EA(2,3,1)k=X1;x=V.getInt8(ea);I[k]=x;I[k+1|0]=x>>31;',
  i64_load8_u: 'EA(2,3,1)k=X1;I[k]=V.getUint8(ea);I[k+1|0]=0;',
  i64_load16_s: 'EA(2,3,2)k=X1;x=V.getInt16(ea,true);I[k]=x;I[k+1|0]=x>>31;',
  i64_load16_u: 'EA(2,3,2)k=X1;I[k]=V.getUint16(ea,true);I[k+1|0]=0;',
  i64_load32_s: 'EA(2,3,4)k=X1;x=V.getInt32(ea,true);I[k]=x;I[k+1|0]=x>>31;',
  i64_load32_u: 'EA(2,3,4)k=X1;I[k]=V.getInt32(ea,true);I[k+1|0]=0;',
  i32_store: 'EA(1,3,4)V.setInt32(ea,R2,true);',
  i32_store8: 'EA(1,3,1)V.setInt8(ea,R2);',
  i32_store16: 'EA(1,3,2)V.setInt16(ea,R2,true);',
  i32_store_i: 'EA(1,2,4)V.setInt32(ea,K3,true);',
  i32_store8_i: 'EA(1,2,1)V.setInt8(ea,K3);',
  i32_store16_i: 'EA(1,2,2)V.setInt16(ea,K3,true);',
  i64_store: 'EA(1,3,8)k=X2;V.setInt32(ea+4|0,I[k+1|0],true);V.setInt32(ea,I[k],true);',

  global_get32: 'R1=G[K2];',
  global_get64: 'k=X1;e=K2;I[k]=G[e];I[k+1|0]=G[e+1|0];',
  global_set32: 'G[K2]=R1;',
  global_set64: 'k=X1;e=K2;G[e]=I[k];G[e+1|0]=I[k+1|0];',

  br: 'BR(1)',
  br_table:
    'k=R1>>>0;e=K2;if(k>e)k=e;k=(pc+LEN|0)+(k<<1)|0;fuel=fuel+C[k+1|0]|0;pc=C[k];if(fuel<0){r=NO_FUEL;break out}continue;',
  call: 't=K2;k=X1;CALL(pc+LEN|0)',
  call_indirect: 'INDIRECT',
  return_none: 'RET',
  return32: 'I[fp]=R1;RET',
  return64: 'k=X1;I[fp]=I[k];I[fp+1|0]=I[k+1|0];RET',
  // A 64-bit address beyond 2^32 is outside of every memory, and so is 2^32 - 1. PERF: a trap of its own here made
  // programs that never come here 8 % slower (one more way out of the loop).
  narrow_address: 'k=X2;R1=I[k+1|0]===0?I[k]:-1;',
  unreachable: 'TRAP(trap.unreachable);',
  halt: 'r=DONE;break out;',
  charge: 'k=K1;if(fuel<k){st.need=k;r=NEED_FUEL;break out}fuel=fuel-k|0;',
  resume_fast: 'k=K2;if(fuel>=k&&st.isArmed===0){fuel=fuel-k|0;pc=K1;continue}',
};

for (const [name, f] of Object.entries(i32Binary)) {
  bodies[`i32_${name}_rr`] = `R1=${f('R2', 'R3')};`;
  if (name !== 'sub') bodies[`i32_${name}_ri`] = `R1=${f('R2', 'K3')};`;
}
for (const [name, f] of Object.entries(i32Compare)) {
  bodies[`i32_${name}_rr`] = `R1=${f('R2', 'R3')}?1:0;`;
  bodies[`i32_${name}_ri`] = `R1=${f('R2', 'K3')}?1:0;`;
  bodies[`br_i32_${name}_rr`] = `if(${f('R1', 'R2')}){BR(3)}`;
  bodies[`br_i32_${name}_ri`] = `if(${f('R1', 'K2')}){BR(3)}`;
}
for (const [name, test] of Object.entries(i64Compare)) {
  bodies[`i64_${name}_rr`] = `k=X2;e=X3;x=I[k];y=I[k+1|0];z=I[e];t=I[e+1|0];R1=${test}?1:0;`;
  bodies[`i64_${name}_ri`] = `k=X2;x=I[k];y=I[k+1|0];z=K3;t=K4;R1=${test}?1:0;`;
  bodies[`br_i64_${name}_rr`] = `k=X1;e=X2;x=I[k];y=I[k+1|0];z=I[e];t=I[e+1|0];if(${test}){BR(3)}`;
  bodies[`br_i64_${name}_ri`] = `k=X1;x=I[k];y=I[k+1|0];z=K2;t=K3;if(${test}){BR(4)}`;
}
for (const [name, op] of [
  ['and', '&'],
  ['or', '|'],
  ['xor', '^'],
]) {
  bodies[`i64_${name}_rr`] = `k=X1;e=X2;x=X3;I[k]=I[e]${op}I[x];I[k+1|0]=I[e+1|0]${op}I[x+1|0];`;
  bodies[`i64_${name}_ri`] = `k=X1;e=X2;I[k]=I[e]${op}K3;I[k+1|0]=I[e+1|0]${op}K4;`;
}
const shifts: Readonly<Record<string, string>> = {
  shl: 'if(s===0){I[k]=x;I[k+1|0]=y;}else if(s<32){I[k+1|0]=y<<s|x>>>32-s;I[k]=x<<s;}else{I[k+1|0]=x<<s;I[k]=0;}',
  shr_u:
    'if(s===0){I[k]=x;I[k+1|0]=y;}else if(s<32){I[k]=x>>>s|y<<32-s;I[k+1|0]=y>>>s;}else{I[k]=y>>>s;I[k+1|0]=0;}',
  shr_s:
    'if(s===0){I[k]=x;I[k+1|0]=y;}else if(s<32){I[k]=x>>>s|y<<32-s;I[k+1|0]=y>>s;}else{I[k]=y>>s;I[k+1|0]=y>>31;}',
};
for (const [name, body] of Object.entries(shifts)) {
  bodies[`i64_${name}_rr`] = `s=R3&63;x=R2;y=H2;k=X1;${body}`;
  bodies[`i64_${name}_ri`] = `s=K3;x=R2;y=H2;k=X1;${body}`;
}
for (const name of ['div_s', 'div_u', 'rem_s', 'rem_u']) {
  const overflow =
    name === 'div_s' ? 'if((R3&H3)===-1&&H2===-2147483648&&R2===0)TRAP(trap.integer-overflow);' : '';
  bodies[`i64_${name}_rr`] =
    `e=X3;if((I[e]|I[e+1|0])===0)TRAP(trap.divide-by-zero);${overflow}i64_${name}(I,X1,X2,e);`;
}
for (const [name, op] of [
  ['add', '+'],
  ['sub', '-'],
  ['mul', '*'],
  ['div', '/'],
]) {
  // Rounding the double result once more is exact for these four (Figueroa 1995).
  bodies[`f32_${name}`] = `g=F2${op}F3;${setF1}`;
  bodies[`f64_${name}`] = `g=D2${op}D3;${setD1}`;
}
for (const [name, f] of Object.entries(floatCompare)) {
  if (!name.startsWith('n') || name === 'ne') {
    bodies[`f32_${name}`] = `R1=${f('F2', 'F3')}?1:0;`;
    bodies[`f64_${name}`] = `R1=${f('D2', 'D3')}?1:0;`;
  }
  bodies[`br_f32_${name}`] = `if(${f('F1', 'F2')}){BR(3)}`;
  bodies[`br_f64_${name}`] = `if(${f('D1', 'D2')}){BR(3)}`;
}

/** The bodies by operation; the generator checks that none is missing or unknown. */
export const hotBodies: Readonly<Record<HotOp, string>> = bodies as Record<HotOp, string>;
