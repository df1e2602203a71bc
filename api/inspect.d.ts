// Written by npm run gen:api.

export type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';

export interface ExternSummary {
  readonly module?: string;
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
  readonly type: string;
}

export type FeatureKey = keyof typeof featureTable;

export interface FeatureRow {
  readonly version: '1.0' | '2.0' | '3.0' | 'proposal';
  readonly isExecuted: boolean;
  readonly summary: string;
}

export interface FeatureSummary {
  readonly key: FeatureKey;
  readonly summary: string;
  readonly isExecuted: boolean;
}

export type InstructionRow = Row<Mnemonic, string>;

export interface ListingLine {
  readonly offset: number;
  readonly depth: number;
  readonly text: string;
}

export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly DefType[];
  readonly imports: readonly Import[];
  readonly importLists: readonly ImportList[];
  readonly exports: readonly Export[];
  readonly funcs: readonly Func[];
  readonly tables: readonly Table[];
  readonly memories: readonly MemoryType[];
  readonly tags: readonly TagType[];
  readonly globals: readonly Global[];
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  readonly dataCount: number | null;
  readonly start: number | null;
  readonly customs: readonly CustomSection[];
  readonly sections: readonly SectionRange[];
  readonly importedFuncCount: number;
  readonly importedTableCount: number;
  readonly importedMemoryCount: number;
  readonly importedGlobalCount: number;
  readonly importedTagCount: number;
}

export interface ModuleSummary {
  readonly name: string | null;
  readonly byteLength: number;
  readonly imports: readonly ExternSummary[];
  readonly exports: readonly ExternSummary[];
  readonly memories: readonly string[];
  readonly tables: readonly string[];
  readonly globals: readonly string[];
  readonly functionCount: number;
  readonly dataByteLength: number;
  readonly start: number | null;
  readonly features: readonly FeatureSummary[];
  readonly sections: readonly SectionSummary[];
}

export interface Names {
  readonly moduleName: string | null;
  funcName(index: number): string | null;
  localName(funcIndex: number, localIndex: number): string | null;
}

export interface SectionSummary {
  readonly name: string;
  readonly customName?: string;
  readonly offset: number;
  readonly byteLength: number;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

export const decodeModule: (source: BytesLike) => Module;

export const decodeNames: (module: Module) => Names;

export const disassembleFunction: (module: Module, funcIndex: number) => Iterable<ListingLine>;

export const featureTable: {
  readonly mvp: FeatureRow;
  readonly 'mutable-globals': FeatureRow;
  readonly 'sign-extension': FeatureRow;
  readonly 'saturating-float-to-int': FeatureRow;
  readonly 'multi-value': FeatureRow;
  readonly 'reference-types': FeatureRow;
  readonly 'bulk-memory': FeatureRow;
  readonly simd: FeatureRow;
  readonly 'relaxed-simd': FeatureRow;
  readonly 'extended-const': FeatureRow;
  readonly 'tail-calls': FeatureRow;
  readonly 'multi-memory': FeatureRow;
  readonly memory64: FeatureRow;
  readonly 'function-references': FeatureRow;
  readonly gc: FeatureRow;
  readonly exceptions: FeatureRow;
  readonly 'legacy-exceptions': FeatureRow;
  readonly threads: FeatureRow;
  readonly 'wide-arithmetic': FeatureRow;
  readonly 'custom-page-sizes': FeatureRow;
  readonly 'compact-imports': FeatureRow;
  readonly 'custom-descriptors': FeatureRow;
};

export const findFeatures: (module: Module) => FeatureKey[];

export const findFunction: (module: Module, text: string) => number | null;

export const formatLine: ({ offset, depth, text }: ListingLine) => string;

export const instructions: readonly InstructionRow[];

export const sourceLines: (module: Module, offsets: readonly number[]) => (SourceLine | null)[];

export const summariseModule: (bytes: BytesLike) => ModuleSummary;

// No entry exports these; the types above are made of them.

type Mnemonic = (typeof table)[number]['name'];
