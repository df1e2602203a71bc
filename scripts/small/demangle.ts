/** In place of what makes names readable: backtraces have those of the module. */
export const demangle = (name: string): string => name;
