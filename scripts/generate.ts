/** Writes the generated source files; with `--check` fails if one is stale instead. */
import { generateModules } from './conformance/generate-modules.ts';
import { generateDispatch } from './dispatch/generate-dispatch.ts';
import { generateVector } from './dispatch/generate-vector.ts';
import { writeOrCheck } from './generated-files.ts';

writeOrCheck(
  {
    'src/interpreter/loop/dispatch.generated.ts': generateDispatch(),
    'src/interpreter/loop/vector.generated.ts': generateVector(),
    'src/conformance/cases/modules.generated.ts': generateModules(),
  },
  'npm run gen',
);
