/** Replaces the demanglers: backtraces have the names of the module. */
export const demangle = (name: string): string => name;
