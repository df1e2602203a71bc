#include "common.h"
#include <wasm_simd128.h>
/* f32x4 over 1,024 floats per unit: y = a*x + y, a dot product, and a filter of five taps */
static float x[1032], y[1032], z[1032];
static float sum(v128_t v){ return wasm_f32x4_extract_lane(v,0)+wasm_f32x4_extract_lane(v,1)+wasm_f32x4_extract_lane(v,2)+wasm_f32x4_extract_lane(v,3); }
NI static void saxpy(float a){ v128_t k=wasm_f32x4_splat(a);
 for(i32 i=0;i<1024;i+=4) wasm_v128_store(y+i,wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(x+i),k),wasm_v128_load(y+i))); }
NI static float dot(void){ v128_t s=wasm_f32x4_splat(0);
 for(i32 i=0;i<1024;i+=4) s=wasm_f32x4_add(s,wasm_f32x4_mul(wasm_v128_load(x+i),wasm_v128_load(y+i))); return sum(s); }
NI static void filter(void){ v128_t a=wasm_f32x4_splat(0.1f),b=wasm_f32x4_splat(0.25f),c=wasm_f32x4_splat(0.3f);
#pragma clang loop unroll(disable)
 for(i32 i=0;i<1024;i+=4){ v128_t e=wasm_f32x4_add(wasm_v128_load(y+i),wasm_v128_load(y+i+4)),d=wasm_f32x4_add(wasm_v128_load(y+i+1),wasm_v128_load(y+i+3));
  wasm_v128_store(z+i,wasm_f32x4_add(wasm_f32x4_add(wasm_f32x4_mul(e,a),wasm_f32x4_mul(d,b)),wasm_f32x4_mul(wasm_v128_load(y+i+2),c))); } }
EXPORT("run") i32 run(i32 n){ float s=0; for(i32 i=0;i<1032;i++){x[i]=(i&31)*0.25f;y[i]=(i&15)-7;}
 for(;n>0;n--){ saxpy(0.5f); s=s*0.5f+dot(); filter(); for(i32 i=0;i<1024;i+=4) wasm_v128_store(y+i,wasm_f32x4_min(wasm_v128_load(z+i),wasm_f32x4_splat(50))); } return (i32)s; }
