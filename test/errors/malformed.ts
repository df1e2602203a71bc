/** Bytes that are not a module, one kind of damage each. */
import { decodeBranchHints } from '../../src/decoder/branch-hints.ts';
import { parseModule } from '../../src/text.ts';
import { decodeModule } from '../../src/wasm.ts';
import { assemble, section, text } from '../assembler.ts';
import {
  compile,
  compileBody,
  compileCode,
  compileSections,
  compileSource,
  type Provocations,
} from './provocation.ts';

const magic = [0, 0x61, 0x73, 0x6d];
const I32 = 0x7f;
const FUNCREF = 0x70;
const END = 0x0b;
/** No type, and no kind of anything. */
const NONE = 0x10;

export const malformed: Provocations<'MalformedError'> = {
  'malformed.text': () => parseModule('(module'),
  'malformed.magic': () => compile(1, 2, 3, 4),
  'malformed.component': () => compile(...magic, 13, 0, 1, 0),
  'malformed.version': () => compile(...magic, 2, 0, 0, 0),
  'malformed.end': () => compile(...magic.slice(0, 3)),
  'malformed.length': () => compileSections(1, 5),
  'malformed.section-id': () => compileSections(NONE, 0),
  'malformed.section-order': () => compileSections(...section(3, [0]), ...section(1, [0])),
  'malformed.section-size': () => compileSections(...section(1, [0, 0])),
  'malformed.section-overrun': () => compileSections(...section(1, [1])),
  'malformed.code-count': () => compileSections(...section(1, [1, 0x60, 0, 0]), ...section(3, [1, 0])),
  'malformed.data-count': () => compileSections(...section(12, [1])),
  'malformed.data-count-required': () => compileCode([['data.drop', 0]], { data: [[1, 0]] }),
  'malformed.integer-long': () => compileSections(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
  'malformed.integer-large': () => compileSections(1, 0xff, 0xff, 0xff, 0xff, 0x1f),
  'malformed.utf8': () => compileSections(...section(0, [1, 0xff])),
  'malformed.opcode': () => compileBody(0xff, END),
  'malformed.end-opcode': () => compileCode(['else']),
  'malformed.locals': () =>
    compileSource({
      funcs: [
        {
          locals: [
            [0xffff_ffff, 'i32'],
            [1, 'i32'],
          ],
        },
      ],
    }),
  'malformed.type': () => compileSource({ types: [[0x60, 1, NONE, 0]] }),
  'malformed.storage-type': () => compileSource({ types: [[0x5e, NONE, 0]] }),
  'malformed.reference-type': () => compileSections(...section(4, [1, I32, 0, 0])),
  'malformed.type-form': () => compileSource({ types: [[NONE]] }),
  'malformed.limits': () => compileSections(...section(5, [1, 0x10, 0])),
  'malformed.page-size': () => compileSections(...section(5, [1, 8, 0, 65])),
  // The alignment of i32.load is 2^128.
  'malformed.memop': () => compileBody(0x41, 0, 0x28, 0x80, 1, 0, END),
  'malformed.mutability': () => compileSections(...section(6, [1, I32, 2, 0x41, 0, END])),
  'malformed.import-kind': () => compileSource({ imports: [['m', 'f', [NONE]]] }),
  'malformed.export-kind': () => compileSections(...section(7, [1, ...text('f'), NONE, 0])),
  'malformed.element-kind': () => compileSource({ elements: [[1, NONE]] }),
  'malformed.element-flags': () => compileSource({ elements: [[8]] }),
  'malformed.data-flags': () => compileSource({ data: [[3]] }),
  'malformed.zero-byte': () => compileSections(...section(4, [1, 0x40, 1, FUNCREF, 0, 0])),
  // The clause of a try_table.
  'malformed.catch': () => compileBody(0x1f, 0x40, 1, NONE, 0, 0, END, END),
  // The flags of br_on_cast.
  'malformed.cast': () => compileBody(0xfb, 0x18, NONE, 0, 0x6e, 0x6e, END),
  // Damage in this section fails no module; tools that ask for the hints get it.
  'malformed.branch-hint': () =>
    decodeBranchHints(decodeModule(assemble({ customs: [['metadata.code.branch_hint', [1, 0]]] }))),
  'malformed.tag-attribute': () => compileSections(...section(13, [1, 1, 0])),
};
