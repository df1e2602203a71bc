/** Messages between the native adapter and its child process: one JSON object a line, one answer a request. */

/** A value on the wire: unsigned decimal bits, null, a host reference by number, or one the child keeps. */
export type WireValue =
  | { readonly bits: string }
  | { readonly null: true }
  | { readonly host: number }
  | { readonly kept: number; readonly kind: 'func' | 'extern' };

export type Request =
  | { readonly op: 'start' }
  /** `bytes` in base64. */
  | { readonly op: 'compile'; readonly bytes: string }
  | {
      readonly op: 'instantiate';
      readonly module: number;
      readonly registered: Readonly<Record<string, number>>;
    }
  | {
      readonly op: 'invoke';
      readonly instance: number;
      readonly name: string;
      readonly args: readonly WireValue[];
    }
  | { readonly op: 'get'; readonly instance: number; readonly name: string };

export type Answer =
  | { readonly id: number; readonly imports?: readonly string[] }
  | { readonly values: readonly WireValue[] }
  | { readonly failure: string; readonly text: string };
