/** A host: `node dist/main.js [PLUGIN [FUNCTION [INPUT]]]` calls a plug-in; without any, the one of `greet.wat`. */
import { readFileSync } from 'node:fs';
import createPlugin from 'quern';
import { parseModule } from 'quern/text';

const [file, functionName = 'greet', input = 'World'] = process.argv.slice(2);

const plugin = await createPlugin(file ?? parseModule(readFileSync('greet.wat')), {
  useWasi: true,
  config: { greeting: 'Hello' },
  // What a plug-in may use: time and instructions, each call.
  timeoutMs: 5_000,
  fuel: 100_000_000,
  functions: {
    'extism:host/user': {
      // Functions of yours that plug-ins can import; texts are passed as addresses.
      shout: (context, text: bigint) => context.store(context.read(text)?.text().toUpperCase() ?? ''),
    },
  },
});

const output = await plugin.call(functionName, input);
console.log(output?.text());
console.log(`fuel: ${plugin.fuelConsumed}`);
await plugin.close();
