/** TABLE: what applies to all commands, for the manual and the documents. Code is between backticks. */

export const notes: readonly { readonly title: string; readonly lines: readonly string[] }[] = [
  {
    title: 'Input and output',
    lines: [
      'The result goes to standard output, everything else to standard error. The output of `quern call` is the bytes of the plug-in and nothing else. A newline follows on a terminal, between the outputs of `--loop`, and where `--newline` asks for it; `--raw` never adds one. `--output FILE` writes the bytes to a file, which is left unchanged if the call fails.',
      'Input is `--input TEXT`, `--input-file FILE` or `--stdin`. `-` reads a plug-in, a manifest, a module or an input file from standard input. Wherever a command takes a module, it also takes a module in the text format.',
    ],
  },
  {
    title: 'Values of flags',
    lines: [
      'Numbers may have underscores and an exponent: `1_000_000`, `1e6`. Bytes may have a unit: `64KiB`, `1.5MB`. As with the `extism` command, 0 and negative numbers mean no limit.',
    ],
  },
  {
    title: 'Exit code',
    lines: [
      '0 if the command succeeded, 1 if the plug-in or the module failed, 2 if the command line is wrong. `quern run` exits with the code of the program.',
    ],
  },
  {
    title: 'Environment',
    lines: [
      '`NO_COLOR` disables colours. `FORCE_COLOR` enables them without a terminal, or disables them if it is 0. `EXTISM_COREDUMP` and `EXTISM_MEMDUMP` name files as `--coredump` and `--memdump` do.',
    ],
  },
];
