/** Lines of text with their indentation. */

/** Deepest indentation that is printed: blocks nest deeper than any line is wide. */
const MAX_DEPTH = 40;
/** Characters after which the written text is set aside: appending to long strings is slow. */
const CHUNK = 1 << 16;

export class TextWriter {
  private readonly chunks: string[] = [];
  private text = '';
  private depth = 0;
  private indentation = '';

  line(text: string): void {
    this.text += `${this.indentation}${text}\n`;
    if (this.text.length < CHUNK) return;
    this.chunks.push(this.text);
    this.text = '';
  }

  indent(): void {
    this.depth++;
    if (this.depth <= MAX_DEPTH) this.indentation = '  '.repeat(this.depth);
  }

  outdent(): void {
    this.depth--;
    if (this.depth < MAX_DEPTH) this.indentation = '  '.repeat(this.depth);
  }

  finish(): string {
    this.chunks.push(this.text);
    return this.chunks.join('');
  }
}
