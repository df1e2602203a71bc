/**
 * The encoding of internal code: the fields of an operation's first word, and the words around the places where calls
 * begin and continue. All code that writes or reads internal code uses this file; the generator prints it into the
 * loop.
 *
 * The first word holds the number of the operation, and above it up to two slots, or the number of a vector operation.
 * A slot is read as an index of words, which is twice its number: one bit less of a shift. The layouts in `isa.ts`
 * define the operands.
 */

/** Bits of an operation's number, and of a packed slot. */
export const OPCODE_BITS = 10;
export const SLOT_BITS = 11;
export const OPCODE_MASK: number = 2 ** OPCODE_BITS - 1;
/** Largest slot number that fits in a packed operand. */
export const MAX_PACKED_SLOT: number = 2 ** SLOT_BITS - 1;

/** The number of an operation, from its first word. */
export const opcodeOf = (word: number): number => word & OPCODE_MASK;
/** The first packed slot as an index of words. */
export const firstWordOf = (word: number): number => (word >>> (OPCODE_BITS - 1)) & (2 * MAX_PACKED_SLOT);
/** The second one, as an index of words and as a slot. */
export const secondWordOf = (word: number): number =>
  (word >>> (OPCODE_BITS + SLOT_BITS - 1)) & (2 * MAX_PACKED_SLOT);
export const secondSlotOf = (word: number): number => word >>> (OPCODE_BITS + SLOT_BITS);

/** A first word. */
export const packSlots = (opcode: number, first: number, second: number): number =>
  opcode | (first << OPCODE_BITS) | (second << (OPCODE_BITS + SLOT_BITS));
/** The same word with another operation. */
export const withOpcode = (word: number, opcode: number): number => (word & ~OPCODE_MASK) | opcode;
/** The same word with another first slot. */
export const withFirstSlot = (word: number, slot: number): number =>
  (word & ~(MAX_PACKED_SLOT << OPCODE_BITS)) | (slot << OPCODE_BITS);

/** The first word of a vector operation. */
export const packVector = (opcode: number, number: number): number => opcode | (number << OPCODE_BITS);
export const vectorNumberOf = (word: number): number => word >>> OPCODE_BITS;

/**
 * The words before the entry of a function, by their distance from it: first and last slot to zero, the size of the
 * frame in words, and the cost of the first stretch of code.
 */
export const HEADER_WORDS = 4;
export const ZERO_START = 4;
export const ZERO_END = 3;
export const FRAME_WORDS = 2;
export const ENTRY_COST = 1;

/**
 * The last word of a call or of another operation that may stop, by its distance from the place where execution
 * continues: the cost of the stretch that begins there.
 */
export const COST_AHEAD = 1;

/** A machine at the place where execution continues after such an operation. */
interface Standing {
  pc: number;
  fuel: number;
}
/** Pays for the stretch ahead. */
export const payAhead = (code: Int32Array, m: Standing): void => {
  m.fuel -= code[m.pc - COST_AHEAD]!;
};
/**
 * Goes back from the place after an operation into it: nothing is paid for the stretch that follows, and other
 * handlers may apply.
 */
export const standInside = (m: Standing): void => {
  m.pc -= COST_AHEAD;
};
/** The same if the stretch ahead was paid: refunds it. */
export const giveBackAhead = (code: Int32Array, m: Standing): void => {
  m.fuel += code[m.pc - COST_AHEAD]!;
  standInside(m);
};
