// Written by npm run gen:api.

export * from './index.ts';

export const CAPABILITIES: Capabilities;

export const compilePlugin: CompilePlugin;

export const createPlugin: CreatePlugin;

export { createPlugin as default };

export const newPlugin: CreatePlugin;

export const nodeDirectory: (path: string, anchorKind?: AnchorKind) => FileTree;

export const nodePlatform: Platform;

export const replayRecording: ReplayRecording;

export const restorePlugin: RestorePlugin;

export const verifyReceipt: VerifyReceipt;

// No entry exports these; the types above are made of them.

type AnchorKind = 'held' | 'named';
