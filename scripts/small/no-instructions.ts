/** Replaces the tables of instructions whose features the small build omits. */
const none: readonly never[] = [];

export { none as atomicInstructions, none as vectorInstructions };
