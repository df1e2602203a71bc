/**
 * A text with numbers of lines, colours and marks. The text itself is a text area, so that keyboards and screen readers
 * have what they know; what is painted lies below it, letter under letter.
 */
import { el } from './dom.ts';
import { type Token, tokensOf } from './highlight.ts';

/** Texts with more letters have no colours. */
const MAX_COLOURED = 300_000;

/** What is marked: lines from 1. */
export interface Marks {
  /** Where the call stands; with a column, the instruction there. */
  readonly here: { readonly line: number; readonly column: number | null } | null;
  /** Lines of the callers. */
  readonly callers: readonly number[];
  readonly error: number | null;
  readonly breakpoints: readonly number[];
}

export const noMarks: Marks = { here: null, callers: [], error: null, breakpoints: [] };

interface CodeViewOptions {
  readonly label: string;
  readonly onEdit?: (text: string) => void;
  readonly onToggle: (line: number) => void;
  /** A key that was pressed where the text cannot be changed. Returns whether it meant something. */
  readonly onKey: (key: string) => boolean;
}

export class CodeView {
  readonly element: HTMLElement;
  private readonly area: HTMLTextAreaElement;
  private readonly paint = el('div.paint', { attributes: { 'aria-hidden': 'true' } });
  private readonly gutter = el('div.gutter', { attributes: { 'aria-hidden': 'true' } });
  private readonly options: CodeViewOptions;
  private lines: readonly string[] = [];
  private depths: number[] = [];
  private marks: Marks = noMarks;
  private isColoured = true;
  /** Labels instead of numbers: offsets of a listing. */
  private numbers: readonly string[] | null = null;

  constructor(options: CodeViewOptions) {
    this.options = options;
    this.area = el('textarea', {
      attributes: {
        ...{ 'aria-label': options.label, spellcheck: 'false', autocomplete: 'off' },
        ...{ autocapitalize: 'off', wrap: 'off', readonly: options.onEdit === undefined },
      },
      on: { input: () => this.edited(), keydown: (event) => this.key(event) },
    });
    this.gutter.addEventListener('click', ({ target }) => {
      const line = [...this.gutter.children].indexOf(target as Element) + 1;
      if (line > 0) options.onToggle(line);
    });
    this.element = el('div.code', {}, this.gutter, el('div.layers', {}, this.paint, this.area));
  }

  get text(): string {
    return this.area.value;
  }

  /** Line of the caret, from 1. */
  get caretLine(): number {
    return this.area.value.slice(0, this.area.selectionStart).split('\n').length;
  }

  set isFixed(isFixed: boolean) {
    this.area.readOnly = isFixed || this.options.onEdit === undefined;
  }

  /** Shows a text, unless it is shown already. */
  show(text: string, numbers: readonly string[] | null = null): void {
    this.numbers = numbers;
    if (this.area.value !== text) {
      this.area.value = text;
      this.area.setSelectionRange(0, 0);
      this.element.scrollTop = 0;
    }
    this.draw();
  }

  /** Marks lines; brings the one where the call stands into view. */
  mark(marks: Marks): void {
    const old = this.marks;
    this.marks = marks;
    const linesOf = ({ here, callers, error }: Marks): number[] => [
      ...(here === null ? [] : [here.line]),
      ...callers,
      ...(error === null ? [] : [error]),
    ];
    for (const line of new Set([...linesOf(old), ...linesOf(marks)])) this.drawLine(line - 1);
    for (const line of new Set([...old.breakpoints, ...marks.breakpoints])) this.drawNumber(line - 1);
    if (marks.here !== null && (old.here?.line !== marks.here.line || old.here.column !== marks.here.column))
      this.reveal(marks.here.line);
  }

  /** Brings the line where the call stands into view. */
  revealHere(): void {
    if (this.marks.here !== null) this.reveal(this.marks.here.line);
  }

  /** Puts the caret to the beginning of a line. */
  goTo(line: number): void {
    const at = this.lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(at, at);
    this.reveal(line);
  }

  private reveal(line: number): void {
    const row = this.paint.children[line - 1] as HTMLElement | undefined;
    if (row === undefined) return;
    const { scrollTop, clientHeight } = this.element;
    const top = row.offsetTop;
    if (top < scrollTop + 20 || top > scrollTop + clientHeight - 60)
      this.element.scrollTop = Math.max(0, top - clientHeight / 2);
    const now = row.querySelector('mark');
    if (now === null) return;
    const { scrollLeft, clientWidth } = this.element;
    const covered = this.gutter.offsetWidth;
    const isHidden =
      now.offsetLeft < scrollLeft + covered || now.offsetLeft + now.offsetWidth > scrollLeft + clientWidth;
    if (isHidden) this.element.scrollLeft = Math.max(0, now.offsetLeft - covered - 40);
  }

  private edited(): void {
    this.draw();
    this.options.onEdit?.(this.text);
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'F9') {
      event.preventDefault();
      this.options.onToggle(this.caretLine);
    } else if (this.area.readOnly && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (this.options.onKey(event.key)) event.preventDefault();
    }
  }

  /** Draws the lines that are others than before. */
  private draw(): void {
    const { paint, gutter } = this;
    const lines = this.text.split('\n');
    this.isColoured = this.text.length < MAX_COLOURED;
    const old = this.lines;
    const oldDepths = this.depths;
    this.lines = lines;
    this.depths = [];
    while (paint.children.length > lines.length) paint.lastElementChild!.remove();
    while (gutter.children.length > lines.length) gutter.lastElementChild!.remove();
    let depth = 0;
    lines.forEach((line, i) => {
      const isSame = old[i] === line && oldDepths[i] === depth && i < paint.children.length;
      this.depths.push(depth);
      if (i >= paint.children.length) paint.append(el('div'));
      if (i >= gutter.children.length) gutter.append(el('span'));
      const { tokens, depth: next } = this.isColoured
        ? tokensOf(line, depth)
        : { tokens: [{ text: line, kind: '' } as const], depth: 0 };
      if (!isSame) this.drawTokens(i, tokens);
      this.drawNumber(i);
      depth = next;
    });
  }

  private drawNumber(i: number): void {
    const row = this.gutter.children[i];
    if (row === undefined) return;
    const number = this.numbers === null ? String(i + 1) : (this.numbers[i] ?? '');
    if (row.textContent !== number) row.textContent = number;
    row.classList.toggle('break', this.marks.breakpoints.includes(i + 1));
  }

  private drawLine(i: number): void {
    const line = this.lines[i];
    if (line === undefined) return;
    this.drawTokens(
      i,
      this.isColoured ? tokensOf(line, this.depths[i] ?? 0).tokens : [{ text: line, kind: '' }],
    );
  }

  private drawTokens(i: number, tokens: readonly Token[]): void {
    const row = this.paint.children[i]!;
    const { here, callers, error } = this.marks;
    const isHere = here?.line === i + 1;
    row.className = isHere ? 'here' : callers.includes(i + 1) ? 'caller' : error === i + 1 ? 'error' : '';
    let at = 1;
    const parts = tokens.map(({ text, kind }) => {
      const isNow = isHere && here.column !== null && here.column >= at && here.column < at + text.length;
      at += text.length;
      if (isNow) return el('mark', {}, text);
      return kind === '' ? text : el(`span.${kind}`, {}, text);
    });
    row.replaceChildren(...parts, '\n');
  }
}
