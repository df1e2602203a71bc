#include "common.h"
#include <wasm_simd128.h>
/* the Mandelbrot set, four points at a time in f32x4: hardly an access to memory */
EXPORT("run") i32 run(i32 n){ v128_t count=wasm_i32x4_splat(0); const v128_t four=wasm_f32x4_splat(4);
 for(;n>0;n--) for(i32 j=0;j<64;j++) for(i32 i=0;i<64;i+=4){
  v128_t cr=wasm_f32x4_sub(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_add(wasm_i32x4_splat(i),wasm_i32x4_make(0,1,2,3))),wasm_f32x4_splat(1/32.0f)),wasm_f32x4_splat(1.5f));
  v128_t ci=wasm_f32x4_splat(j/32.0f-1.0f),zr=wasm_f32x4_splat(0),zi=zr,k=wasm_i32x4_splat(0);
  for(i32 t=0;t<50;t++){ v128_t r2=wasm_f32x4_mul(zr,zr),i2=wasm_f32x4_mul(zi,zi),in=wasm_f32x4_le(wasm_f32x4_add(r2,i2),four);
   if(!wasm_v128_any_true(in)) break; k=wasm_i32x4_sub(k,in); zi=wasm_f32x4_mul(zr,zi); zi=wasm_f32x4_add(wasm_f32x4_add(zi,zi),ci); zr=wasm_f32x4_add(wasm_f32x4_sub(r2,i2),cr); }
  count=wasm_i32x4_add(count,k); }
 return wasm_i32x4_extract_lane(count,0)+wasm_i32x4_extract_lane(count,1)+wasm_i32x4_extract_lane(count,2)+wasm_i32x4_extract_lane(count,3); }
