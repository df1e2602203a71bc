/** The program: its text, its listing, or both beside each other, with where the call stands. */
import type { Program } from '../protocol.ts';
import type { Actions } from './actions.ts';
import { CodeView, type Marks, noMarks } from './code-view.ts';
import { button, el, labelled, menu, setAttribute } from './dom.ts';
import { baseName, fileMap, type LineMap, listingMap, textMap } from './places.ts';
import type { PageState, Store, View } from './store.ts';

const nowhere: LineMap = { placeOf: () => null, offsetOf: () => null };

/** TABLE: keys where the text cannot be changed, and what they do. */
export type DebugKey = 'continue' | 'step' | 'over' | 'out' | 'back' | 'runBack' | 'toCaret' | 'toCaretBack';
export const debugKeys: Readonly<Record<string, DebugKey>> = {
  c: 'continue',
  s: 'step',
  o: 'over',
  u: 'out',
  b: 'back',
  r: 'runBack',
  t: 'toCaret',
  T: 'toCaretBack',
};

export interface SourcePanel {
  readonly element: HTMLElement;
  /** Offset of the line that the caret is in, of the text that had the focus last. */
  caretOffset(): number | null;
  goToProblem(): void;
}

export const sourcePanel = (
  store: Store,
  actions: Actions,
  onDebugKey: (key: DebugKey) => void,
): SourcePanel => {
  const maps: { source: LineMap; listing: LineMap } = { source: nowhere, listing: nowhere };
  let last: 'source' | 'listing' = 'source';
  /** The source file that is shown instead of a text; null for none. */
  let shownFile: string | null = null;

  const onKey = (key: string): boolean => {
    const { call } = store.state;
    const meaning = debugKeys[key];
    if (call === null || meaning === undefined) return false;
    onDebugKey(meaning);
    return true;
  };
  const source = new CodeView({
    label: 'Program text',
    onKey,
    onEdit: (text) => actions.edit(text),
    onToggle: (line) => void actions.toggleBreakpoint(maps.source.offsetOf(line)),
  });
  const listing = new CodeView({
    label: 'Disassembly',
    onKey,
    onToggle: (line) => void actions.toggleBreakpoint(maps.listing.offsetOf(line)),
  });
  source.element.addEventListener('focusin', () => (last = 'source'));
  listing.element.addEventListener('focusin', () => (last = 'listing'));

  const problem = el('p.problem', { attributes: { role: 'alert' } });
  const summary = el('p.summary');
  const status = el('div.status', {}, summary, problem);

  // Which of them is shown
  const views: readonly (readonly [View, string])[] = [
    ['source', 'Source'],
    ['listing', 'Disassembly'],
    ['both', 'Both'],
  ];
  const choices = views.map(([view, text]) => button(text, () => store.set({ view }), { 'data-view': view }));
  const functions = menu([], '', (value) => store.set({ listed: Number(value) }));
  const functionField = labelled('Function', functions);
  const sourceHead = el('h3', {}, 'Source');
  const sourcePart = el('div.part', {}, sourceHead, source.element);
  const listingPart = el('div.part', {}, el('h3', {}, 'Disassembly'), functionField, listing.element);
  const parts = el('div.parts', {}, sourcePart, listingPart);
  const element = el(
    'section.panel.program',
    { attributes: { 'aria-labelledby': 'program-title', id: 'program', tabindex: '-1' } },
    el(
      'div.panel-head',
      {},
      el('h2', { attributes: { id: 'program-title' } }, 'Program'),
      el('div.choices', { attributes: { role: 'group', 'aria-label': 'What is shown' } }, ...choices),
    ),
    parts,
    status,
  );

  store.watch(['view', 'source', 'files', 'program'], ({ view, source: { kind, name }, files, program }) => {
    const file = program?.files.find((path) => files[baseName(path)] !== undefined) ?? null;
    const hasSource = kind === 'text' || file !== null;
    const shown = hasSource ? view : 'listing';
    for (const choice of choices) {
      setAttribute(choice, 'aria-pressed', String(choice.dataset['view'] === shown));
      choice.disabled = !hasSource && choice.dataset['view'] !== 'listing';
    }
    sourcePart.hidden = shown === 'listing';
    listingPart.hidden = shown === 'source';
    parts.classList.toggle('two', shown === 'both');
    sourceHead.textContent = file === null ? name : baseName(file);
    source.revealHere();
    listing.revealHere();
  });

  // Texts and their maps
  const showSource = async ({ source: given, program, files }: PageState): Promise<void> => {
    const file = program?.files.find((path) => files[baseName(path)] !== undefined) ?? null;
    shownFile = file;
    if (given.kind === 'text') {
      source.show(given.text);
      maps.source = program?.places == null ? nowhere : textMap(program.places);
    } else if (file !== null) {
      source.show(files[baseName(file)] ?? '');
      maps.source = fileMap(await actions.lines(file));
      drawMarks(store.state);
    }
  };
  const showListing = async ({ program, listed, view, source: { kind } }: PageState): Promise<void> => {
    if (program === null || (view === 'source' && kind === 'text')) return;
    if (!program.functions.some(({ index }) => index === listed)) {
      listing.show('');
      maps.listing = nowhere;
      return;
    }
    const lines = await actions.listing(listed);
    const widest = Math.max(0, ...lines.map(({ depth, text }) => 2 * Math.min(depth, 20) + text.length));
    const text = lines.map(({ depth, text: line, source: place }) => {
      const indented = '  '.repeat(Math.min(depth, 20)) + line;
      return place === null ? indented : `${indented.padEnd(Math.min(widest, 48))}  ;; ${place}`;
    });
    if (store.state.listed !== listed || store.state.program !== program) return;
    maps.listing = listingMap(lines);
    listing.show(
      text.join('\n'),
      lines.map(({ offset }) => offset.toString(16)),
    );
    functions.value = String(listed);
    drawMarks(store.state);
  };
  const linesOf = (map: LineMap, offsets: readonly number[]): number[] =>
    offsets.flatMap((offset) => map.placeOf(offset)?.line ?? []);
  const marksIn = (
    map: LineMap,
    { call, frame, breakpoints, problem: wrong }: PageState,
    isText: boolean,
  ): Marks => {
    const frames = call?.frames ?? [];
    const top = frames[frame];
    const inFile = shownFile === null || !isText ? null : (top?.line ?? null);
    const here =
      top === undefined ? null : inFile === null ? map.placeOf(top.offset) : { line: inFile, column: null };
    const callers = linesOf(
      map,
      frames.filter((_, i) => i !== frame).map(({ offset }) => offset),
    );
    return {
      here,
      callers,
      error: isText && wrong !== null ? wrong.line : null,
      breakpoints: shownFile !== null && isText ? linesOfFile(map, breakpoints) : linesOf(map, breakpoints),
    };
  };
  /** Lines of a file that breakpoints were set by. */
  const linesOfFile = (map: LineMap, offsets: readonly number[]): number[] =>
    source.text.split('\n').flatMap((_, i) => (offsets.includes(map.offsetOf(i + 1) ?? -1) ? [i + 1] : []));
  const drawMarks = (state: PageState): void => {
    source.mark(
      state.program === null && state.problem === null ? noMarks : marksIn(maps.source, state, true),
    );
    listing.mark(state.program === null ? noMarks : marksIn(maps.listing, state, false));
  };

  store.watch(['program'], ({ program }) => {
    functions.replaceChildren(
      ...(program?.functions ?? []).map(({ index, name }) =>
        el('option', { attributes: { value: index } }, `${index}: ${name}`),
      ),
    );
  });
  store.watch(['source', 'program', 'files'], (state) => void showSource(state));
  store.watch(['program', 'listed', 'view'], (state) => void showListing(state));
  store.watch(['call', 'frame', 'breakpoints', 'problem', 'program'], drawMarks);
  store.watch(['call', 'busy', 'source'], ({ call, busy, source: { kind } }) => {
    source.isFixed = kind !== 'text' || busy !== null || (call !== null && !call.isOver);
  });
  store.watch(['problem', 'program', 'call'], ({ problem: wrong, program, call, source: { kind } }) => {
    problem.textContent = wrong === null ? '' : wrong.message;
    problem.hidden = wrong === null;
    summary.hidden = wrong !== null;
    summary.textContent = summaryOf(program, kind === 'text' && call !== null && !call.isOver);
  });

  return {
    element,
    caretOffset: () => {
      const {
        view,
        source: { kind },
      } = store.state;
      const isListing =
        view === 'listing' ||
        (kind === 'wasm' && shownFile === null) ||
        (view === 'both' && last === 'listing');
      return isListing ? maps.listing.offsetOf(listing.caretLine) : maps.source.offsetOf(source.caretLine);
    },
    goToProblem: () => {
      const line = store.state.problem?.line ?? null;
      if (line !== null) source.goTo(line);
    },
  };
};

const summaryOf = (program: Program | null, isStanding: boolean): string => {
  if (program === null) return 'Reading …';
  if (isStanding) return 'A call is paused: the text can be edited after it has ended or was stopped.';
  const count = program.functions.length;
  return `${program.byteLength.toLocaleString('en')} bytes, ${count} function${count === 1 ? '' : 's'}, valid.`;
};
