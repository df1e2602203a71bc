/**
 * Implementation limits (spec appendix "Implementation Limitations"), one constant each. Exceeding one gives
 * `LimitError('limit.module')` at decoding or validation, never an allocation. Figures follow the JavaScript
 * API's limits where they exist and are raised where the official suite or real modules need more.
 */

/** Bytes of a module. */
export const MAX_MODULE_BYTES = 1_073_741_824;
/** Entries of the type section, with recursive groups expanded. */
export const MAX_TYPES = 1_000_000;
/** Functions that a module defines. */
export const MAX_FUNCTIONS = 1_000_000;
/** Imports of a module. */
export const MAX_IMPORTS = 1_000_000;
/** Exports of a module. */
export const MAX_EXPORTS = 1_000_000;
/** Globals that a module defines. */
export const MAX_GLOBALS = 1_000_000;
/** Tags that a module defines. */
export const MAX_TAGS = 1_000_000;
/** Data segments of a module. */
export const MAX_DATA_SEGMENTS = 100_000;
/** Element segments of a module. */
export const MAX_ELEMENT_SEGMENTS = 10_000_000;
/** Tables, including imported ones. */
export const MAX_TABLES = 100_000;
/** Memories, including imported ones. */
export const MAX_MEMORIES = 100;
/** Parameters of one function type. */
export const MAX_PARAMS = 1_000;
/** Results of one function type. */
export const MAX_RESULTS = 1_000;
/** Locals of one function, including parameters. */
export const MAX_LOCALS = 50_000;
/**
 * Declared locals of one function that can be printed: a group of a few bytes can declare any number of locals, which
 * are all printed.
 */
export const MAX_PRINTED_LOCALS = 1_000_000;
/** Bytes of the body of one function. */
export const MAX_FUNCTION_BYTES = 7_654_321;
/** Labels of one `br_table`, without the default. */
export const MAX_BR_TABLE = 65_520;
/** Fields of one structure type. */
export const MAX_STRUCT_FIELDS = 10_000;
/** Length of the chain of supertypes of one type. */
export const MAX_SUBTYPING_DEPTH = 63;
/** Nesting of blocks in one function. */
export const MAX_BLOCK_DEPTH = 100_000;
/** Elements of one table that an instance can hold. */
export const MAX_TABLE_ELEMENTS = 10_000_000;
/** Bytes of one array's elements, and of all that a module's constant expressions make; a reference counts as 8. */
export const MAX_ARRAY_BYTES = 134_217_728;
/**
 * Pages of one memory that an instance can hold: addresses stay below 2^31, so the loop can check bounds in signed
 * 32-bit arithmetic. Larger declared maxima are accepted; growth beyond fails with -1.
 */
export const MAX_MEMORY_PAGES = 32_767;

/** Words of internal code (4 bytes each) that a function of any size may have. */
export const MAX_CODE_WORDS = 1_048_576;
/** Words of internal code for each byte of a body, if that is more. The output of compilers needs up to one. */
export const MAX_CODE_WORDS_PER_BYTE = 4;

/** Default budget of nested calls, counted in Wasm frames. */
export const DEFAULT_MAX_CALL_DEPTH = 65_536;
/** Default budget of value slots (8 bytes each) over all frames of a call. */
export const DEFAULT_MAX_STACK_SLOTS = 1_000_000;
/**
 * Default budget of a store for data outside memories: structures, arrays, exceptions and elements of tables, as
 * `heap.ts` counts them. A process dies when it exceeds the heap of its JavaScript engine: this fits Node with 1 GB,
 * in addition to what the host itself uses. The same everywhere, since it decides where a call ends.
 */
export const DEFAULT_MAX_HEAP_BYTES = 536_870_912;
