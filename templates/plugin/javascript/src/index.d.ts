/** The functions of `index.js` that hosts call by name. */
declare module 'main' {
  export function greet(): I32;
}
