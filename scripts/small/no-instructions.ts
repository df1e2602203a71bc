/** In place of the tables of instructions that only features have which the small build leaves out. */
const none: readonly never[] = [];

export { none as atomicInstructions, none as vectorInstructions };
