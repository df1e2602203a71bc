/** Whole numbers of 32 bits as text: digits of 5 bits, the lowest first, in the alphabet of Base64. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const MORE = 32;

export const writeNumbers = (numbers: Iterable<number>): string => {
  let text = '';
  for (const number of numbers) {
    // The sign goes to the lowest bit.
    let rest = ((number << 1) ^ (number >> 31)) >>> 0;
    while (rest >= MORE) {
      text += alphabet[(rest & 31) | MORE];
      rest >>>= 5;
    }
    text += alphabet[rest];
  }
  return text;
};

const digitOf = new Uint8Array(128);
for (let i = 0; i < alphabet.length; i++) digitOf[alphabet.charCodeAt(i)] = i;

/** Reads numbers in sequence. */
export class NumberReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  read(): number {
    let value = 0;
    let shift = 0;
    let digit: number;
    do {
      digit = digitOf[this.text.charCodeAt(this.at++)]!;
      value |= (digit & 31) << shift;
      shift += 5;
    } while ((digit & MORE) !== 0);
    return (value >>> 1) ^ -(value & 1);
  }

  readAll(): number[] {
    const numbers: number[] = [];
    while (!this.isAtEnd) numbers.push(this.read());
    return numbers;
  }
}
