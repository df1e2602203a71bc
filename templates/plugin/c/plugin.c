// A plug-in: each function under EXPORT is one that hosts call by name.
#include "extism.h"

// Appends a text to a block, and returns where it ends.
static uint64_t append(uint64_t at, const char *text) {
  while (*text) store_u8(at++, *text++);
  return at;
}

// Input: a name. Output: a greeting. 0 means success.
EXPORT("greet") int32_t greet(void) {
  const uint64_t length = input_length();
  const uint64_t output = alloc(length + sizeof "Hello, !");
  uint64_t at = append(output, "Hello, ");
  for (uint64_t i = 0; i < length; i++) store_u8(at++, input_load_u8(i));
  at = append(at, "!");
  output_set(output, at - output);
  return 0;
}
