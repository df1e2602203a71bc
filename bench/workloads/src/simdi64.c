#include "common.h"
#include <wasm_simd128.h>
/* A hash of the shape of XXH3, over 4,096 bytes per unit: i64x2 products, sums and shifts */
static u64 data[512], key[8];
NI static void round_(v128_t*acc){
#pragma clang loop unroll(disable)
 for(i32 i=0;i<512;i+=8) for(i32 j=0;j<4;j++){ v128_t v=wasm_v128_load(data+i+2*j),k=wasm_v128_xor(v,wasm_v128_load(key+2*j));
  v128_t lo=wasm_v128_and(k,wasm_i64x2_splat(0xffffffff)),hi=wasm_u64x2_shr(k,32);
  acc[j]=wasm_i64x2_add(acc[j],wasm_i64x2_add(wasm_i64x2_mul(lo,hi),wasm_i32x4_shuffle(v,v,2,3,0,1))); } }
EXPORT("run") i32 run(i32 n){ v128_t acc[4]; u64 s=1; for(i32 i=0;i<512;i++){s=s*6364136223846793005ULL+1442695040888963407ULL;data[i]=s;} for(i32 i=0;i<8;i++)key[i]=s+=i*77; for(i32 j=0;j<4;j++)acc[j]=wasm_i64x2_splat(j);
 for(;n>0;n--){ round_(acc); for(i32 j=0;j<4;j++) acc[j]=wasm_v128_xor(acc[j],wasm_u64x2_shr(acc[j],47)); } v128_t r=wasm_v128_xor(wasm_v128_xor(acc[0],acc[1]),wasm_v128_xor(acc[2],acc[3])); return (i32)(wasm_i64x2_extract_lane(r,0)^wasm_i64x2_extract_lane(r,1)); }
