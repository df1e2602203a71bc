/** The kinds of immediates that instructions carry. @spec binary-instr */

/** Kind → description, for the documentation and the disassembler. */
export const immediateKinds = {
  blocktype: 'block type: empty, a value type, or a type index',
  labelidx: 'label',
  labels: 'vector of labels and a default label',
  funcidx: 'function',
  typeidx: 'type',
  tableidx: 'table',
  memidx: 'memory',
  localidx: 'local',
  globalidx: 'global',
  tagidx: 'tag',
  elemidx: 'element segment',
  dataidx: 'data segment',
  fieldidx: 'field of a structure',
  count: 'number of elements',
  memarg: 'alignment, memory and offset',
  laneidx: 'lane',
  lanes16: 'sixteen lanes',
  i32: 'i32 constant',
  i64: 'i64 constant',
  f32: 'f32 constant',
  f64: 'f64 constant',
  v128: 'v128 constant',
  heaptype: 'heap type',
  valtypes: 'vector of value types',
  catches: 'vector of catch clauses',
  cast: 'nullability flags, label, source and target heap type',
  zero: 'reserved zero byte',
} as const;

export type ImmediateKind = keyof typeof immediateKinds;
