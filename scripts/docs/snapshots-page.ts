/** docs/snapshots.md: the use of snapshots, and their format, from the table of sections. */
import {
  BLOCK_BYTES,
  FORMAT_VERSION,
  HEAD_BYTES,
  snapshotSections,
} from '../../src/interpreter/snapshot/format.ts';
import { cell, code, pageHead, table } from './markdown.ts';

const use = `A snapshot is the whole state of a plug-in as bytes: linear memories, globals, tables, structures, arrays and exceptions, the kernel, variables, configuration, files in memory, positions of open files, virtual time and randomness, the fuel, and the paused call, at any instruction. It can be restored in another process, on another machine and in another JavaScript engine, and continues there as if nothing had happened: same output, same fuel, same memory. The same state gives the same bytes everywhere.

\`\`\`js
import { createPlugin, restorePlugin } from 'quern';

const plugin = await createPlugin('build/examples/greet.wasm');
const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
if ((await call.run()) === 'paused') {
  const bytes = plugin.snapshot();
  // elsewhere, later
  const other = await restorePlugin('build/examples/greet.wasm', bytes);
  const rest = other.activeCall;
  rest.addFuel(100_000);
  await rest.run();
  console.log(rest.output.text()); // → Hello, Ada!
}
\`\`\`

On the command line, \`quern call PLUGIN FUNCTION --fuel N --snapshot FILE\` writes a file when the call has ended or is out of fuel, and \`quern call PLUGIN --resume FILE --fuel N\` continues from it. \`takeSnapshot\` and \`restoreSnapshot\` of \`quern/wasm\` do the same for instances of the bare engine.

## When it can be taken

Between calls, and while a call of \`startCall\` has not begun or is paused: by fuel, by \`requestPause\`, in a host function or in an initialiser. While a call runs, \`snapshot\` throws \`usage.state\`. Taking one changes nothing; the call can also continue here.

A call that waits for a promise of a host function is stored as it was when the function was called. After restoring, the function is called again with the same arguments, and its charges are counted once. Its earlier effects are not undone: functions in which snapshots are taken should wait first and act afterwards.

## What belongs to the host

A restored plug-in cannot be recorded or replayed: a recording begins with a new plug-in. \`restorePlugin\` refuses \`record\` and \`replay\` with \`usage.argument\`.

Code, host functions, streams, directories of the host and limits are not in a snapshot; they come from the options of \`restorePlugin\`, and no snapshot raises them: a call that was allowed more fuel than the option \`fuel\` (or \`activeCall.fuel\`) pauses there. Standard input that was given as text or bytes continues at its position. Files of real directories are opened again by their paths, which fails (\`snapshot.foreign\`) if they do not exist. \`MemoryFiles\` that are passed for the same paths get the contents of the snapshot, including removed files that are still open. A real clock continues with the time of the new host; with \`deterministic\`, time and randomness continue from their state.

The bytes contain the state in plain form, including secrets in memory, configuration and variables: treat a snapshot like the process that it was taken of.

## What is refused

Every error is a \`SnapshotError\`: \`snapshot.truncated\` (bytes are missing), \`snapshot.corrupt\` (damaged, or with impossible contents), \`snapshot.version\`, \`snapshot.foreign\` (of other modules, another linking, another fuel schedule, other features or options) and \`snapshot.unsupported\` (the state cannot be written as bytes: objects of the embedder without a name, a linked command in the middle of its run). The checksum detects accidents. A forged snapshot can give a plug-in any values that its types allow, as any plug-in could compute them; it cannot make frames overlap, enter code between instructions, give references a wrong type, exceed limits, or make paths lead out of a directory. To know who made a snapshot, sign it.
`;

/** The page. */
export const snapshotsPage = (): string => {
  const rows = Object.entries(snapshotSections).map(([name, { id, layout, summary }]) => [
    id,
    code(name),
    code(layout),
    cell(summary),
  ]);
  return [
    pageHead('Snapshots', 'src/interpreter/snapshot/format.ts'),
    use,
    '## Format\n',
    `Version ${FORMAT_VERSION}. A head of ${HEAD_BYTES} bytes (\`00 71 73 6e 61 70 0d 0a\`, the version as u32, the whole length as i64), sections in order of their numbers, each a byte for the number, an i64 for the length and the contents, and the CRC-32 of everything before. All numbers are little-endian; \`uint\` is LEB128, \`int\` and \`i64\` are 64 bits, \`bytes\` and \`text\` (UTF-8) are preceded by their length, \`vec\` is a count and that many items, \`opt\` a byte 0, or 1 and the item. \`runs\` are blocks of ${BLOCK_BYTES} bytes: how many of zeros, how many that follow.\n`,
    'A `value` is 4 bytes for i32 and f32, 8 for i64 and f64, 16 for v128, and a reference for the rest. A reference is 0 (null), 1 and an i32 (i31), 2 and the number of a function, or 3 and the number of an object. Functions, memories, tables, globals and tags are numbered in the order in which the instances list them. An object is 0 (structure: module, type), 1 (array: module, type, length), 2 (exception: tag), 3 (host value: name), 4 and 5 (false and true), 6 (number) or 7 (string).\n',
    "An execution ends with 0 (before the instruction at the innermost frame's offset), 1 (in a host function: its number, the calling instance, the arguments), 2 (throwing: the exception), 3 (returned: the results) or 4 (not begun: the arguments). Offsets count from the start of the function's body; other frames are at their call instruction.\n",
    table(['number', 'section', 'contents', 'what'], rows),
  ].join('\n');
};
