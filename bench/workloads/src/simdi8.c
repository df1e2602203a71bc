#include "common.h"
#include <wasm_simd128.h>
/* i8x16 over 4,096 bytes per unit: mixes two pictures, saturates, lets a mask choose, counts */
static u8 a[4096], b[4096], c[4096];
NI static void mix(void){
#pragma clang loop unroll(disable)
 for(i32 i=0;i<4096;i+=16){ v128_t p=wasm_v128_load(a+i),q=wasm_v128_load(b+i),m=wasm_u8x16_gt(p,q);
  v128_t r=wasm_v128_bitselect(wasm_u8x16_avgr(p,q),wasm_u8x16_sub_sat(q,p),m); wasm_v128_store(c+i,wasm_u8x16_max(r,wasm_i8x16_splat(16))); } }
NI static i32 count(u8 k){ i32 s=0; v128_t key=wasm_i8x16_splat(k);
#pragma clang loop unroll(disable)
 for(i32 i=0;i<4096;i+=16) s+=__builtin_popcount(wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(c+i),key))); return s; }
NI static void brighten(void){ v128_t k=wasm_i8x16_splat(3);
#pragma clang loop unroll(disable)
 for(i32 i=0;i<4096;i+=16) wasm_v128_store(a+i,wasm_v128_xor(wasm_u8x16_add_sat(wasm_v128_load(a+i),k),wasm_v128_load(c+i))); }
EXPORT("run") i32 run(i32 n){ u32 s=1,t=0; for(i32 i=0;i<4096;i++){s=s*1664525u+1013904223u;a[i]=s>>24;b[i]=s>>16;} for(;n>0;n--){ mix(); t=t*31+count(n); brighten(); } return t; }
