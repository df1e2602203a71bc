/** The part of WASI that the benchmark programs need: arguments, standard output, exit. For engines without WASI. */

export interface WasiStub {
  readonly imports: Readonly<Record<string, (...args: number[]) => number>>;
  /** The exception of `proc_exit`. */
  readonly exit: object;
  /** Returns the memory; it may be another buffer after growth. */
  attach(getBuffer: () => ArrayBuffer): void;
  output(): string;
}

const SUCCESS = 0;
const BADF = 8;
const SPIPE = 70;

/** Makes the imports of one run. */
export const makeWasiStub = (args: readonly string[]): WasiStub => {
  let getBuffer = (): ArrayBuffer => new ArrayBuffer(0);
  const view = (): DataView => new DataView(getBuffer());
  const exit = { name: 'exit' };
  const chunks: Buffer[] = [];
  const encoded = args.map((arg) => Buffer.from(`${arg}\0`));
  const known: Record<string, (...args: number[]) => number> = {
    args_sizes_get: (count, size) => {
      view().setUint32(count, encoded.length, true);
      view().setUint32(size, Buffer.concat(encoded).length, true);
      return SUCCESS;
    },
    args_get: (pointers, start) => {
      let at = start;
      encoded.forEach((bytes, i) => {
        view().setUint32(pointers + 4 * i, at, true);
        new Uint8Array(getBuffer()).set(bytes, at);
        at += bytes.length;
      });
      return SUCCESS;
    },
    fd_write: (fd, vectors, count, written) => {
      if (fd > 2) return BADF;
      let total = 0;
      for (let i = 0; i < count; i++) {
        const start = view().getUint32(vectors + 8 * i, true);
        const length = view().getUint32(vectors + 8 * i + 4, true);
        chunks.push(Buffer.from(getBuffer().slice(start, start + length)));
        total += length;
      }
      view().setUint32(written, total, true);
      return SUCCESS;
    },
    fd_fdstat_get: (fd, result) => {
      if (fd > 2) return BADF;
      const CHARACTER_DEVICE = 2;
      new Uint8Array(getBuffer(), result, 24).fill(0)[0] = CHARACTER_DEVICE;
      return SUCCESS;
    },
    fd_close: () => SUCCESS,
    fd_seek: () => SPIPE,
    proc_exit: () => {
      throw exit;
    },
  };
  return {
    imports: known,
    exit,
    attach: (get) => {
      getBuffer = get;
    },
    output: () => Buffer.concat(chunks).toString(),
  };
};
