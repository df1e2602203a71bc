#include "common.h"
#include <wasm_simd128.h>
/* As picture codecs do it: bytes widen to i16x8, are weighed, and become bytes again; 2,048 points per unit */
static u8 p[2064], q[2064]; static short d[2064];
NI static void smooth(void){ v128_t three=wasm_i16x8_splat(3),two=wasm_i16x8_splat(2);
#pragma clang loop unroll(disable)
 for(i32 i=0;i<2048;i+=16){ v128_t x=wasm_v128_load(p+i),y=wasm_v128_load(p+i+1);
  v128_t l=wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_mul(wasm_u16x8_extend_low_u8x16(x),three),wasm_u16x8_extend_low_u8x16(y)),two),2);
  v128_t h=wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_mul(wasm_u16x8_extend_high_u8x16(x),three),wasm_u16x8_extend_high_u8x16(y)),two),2);
  wasm_v128_store(q+i,wasm_u8x16_narrow_i16x8(l,h)); } }
NI static i32 distance(void){ v128_t s=wasm_i32x4_splat(0);
#pragma clang loop unroll(disable)
 for(i32 i=0;i<2048;i+=8){ v128_t e=wasm_i16x8_sub(wasm_u16x8_load8x8(p+i),wasm_u16x8_load8x8(q+i)); s=wasm_i32x4_add(s,wasm_i32x4_dot_i16x8(e,e)); wasm_v128_store(d+i,e); }
 return wasm_i32x4_extract_lane(s,0)+wasm_i32x4_extract_lane(s,1)+wasm_i32x4_extract_lane(s,2)+wasm_i32x4_extract_lane(s,3); }
NI static void reverse(void){ for(i32 i=0;i<2048;i+=16){ v128_t x=wasm_v128_load(q+i); wasm_v128_store(p+i,wasm_i8x16_shuffle(x,x,3,2,1,0,7,6,5,4,11,10,9,8,15,14,13,12)); } }
EXPORT("run") i32 run(i32 n){ u32 s=1,t=0; for(i32 i=0;i<2064;i++){s=s*1664525u+1013904223u;p[i]=s>>24;} for(;n>0;n--){ smooth(); t=t*31+distance(); reverse(); p[n&2047]^=n; } return t; }
