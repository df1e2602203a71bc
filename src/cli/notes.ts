/** TABLE: what holds for all commands, for the manual and the documents. Code stands between backticks. */

export const notes: readonly { readonly title: string; readonly lines: readonly string[] }[] = [
  {
    title: 'Input and output',
    lines: [
      'The result goes to standard output, everything else to standard error. The output of `quern call` is the bytes of the plug-in and nothing else. A newline follows on a terminal, between the outputs of `--loop`, and where `--newline` asks for it; `--raw` adds none anywhere. `--output FILE` writes the bytes to a file, which stays as it was when the call fails.',
      'Input is `--input TEXT`, `--input-file FILE` or `--stdin`. `-` stands for standard input in place of a plug-in, a manifest, a module or an input file. Where a module is wanted, its text will do.',
    ],
  },
  {
    title: 'Values of flags',
    lines: [
      'Numbers may have underscores and an exponent: `1_000_000`, `1e6`. Bytes may have a unit: `64KiB`, `1.5MB`. As with the `extism` command, 0 and less mean no limit.',
    ],
  },
  {
    title: 'Exit code',
    lines: [
      '0 when all went well, 1 when the plug-in or the module failed, 2 when the command line is wrong. `quern run` exits as the program does.',
    ],
  },
  {
    title: 'Environment',
    lines: [
      '`NO_COLOR` switches colours off, `FORCE_COLOR` switches them on where there is no terminal, or off when it is 0. `EXTISM_COREDUMP` and `EXTISM_MEMDUMP` name files like `--coredump` and `--memdump`.',
    ],
  },
];
