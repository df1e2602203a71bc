// What plug-ins import from an Extism host. Addresses are those of blocks in the host's memory, not pointers.
#ifndef EXTISM_H
#define EXTISM_H
#include <stdint.h>

#define EXPORT(NAME) __attribute__((export_name(NAME)))
#define IMPORT(NAME) __attribute__((import_module("extism:host/env"), import_name(NAME))) extern

// Input and output of a call, and its error.
IMPORT("input_length") uint64_t input_length(void);
IMPORT("input_load_u8") uint8_t input_load_u8(uint64_t at);
IMPORT("input_load_u64") uint64_t input_load_u64(uint64_t at);
IMPORT("output_set") void output_set(uint64_t block, uint64_t length);
IMPORT("error_set") void error_set(uint64_t block);

// Blocks. The host frees them all after the call.
IMPORT("alloc") uint64_t alloc(uint64_t length);
IMPORT("free") void free_block(uint64_t block);
IMPORT("length") uint64_t block_length(uint64_t block);
IMPORT("load_u8") uint8_t load_u8(uint64_t at);
IMPORT("load_u64") uint64_t load_u64(uint64_t at);
IMPORT("store_u8") void store_u8(uint64_t at, uint8_t byte);
IMPORT("store_u64") void store_u64(uint64_t at, uint64_t word);

// Names and values are blocks; 0 is none.
IMPORT("config_get") uint64_t config_get(uint64_t name);
IMPORT("var_get") uint64_t var_get(uint64_t name);
IMPORT("var_set") void var_set(uint64_t name, uint64_t value);

// A block with a message.
IMPORT("log_debug") void log_debug(uint64_t message);
IMPORT("log_info") void log_info(uint64_t message);
IMPORT("log_warn") void log_warn(uint64_t message);
IMPORT("log_error") void log_error(uint64_t message);

#endif
