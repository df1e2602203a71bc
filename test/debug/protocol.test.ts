/** The protocol without LLDB: forms, answers, and what clients must not be able to do. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { DebugConnection, type DebugSession, type Parting } from '../../src/debug.ts';
import { type DebugServer, listenForDebugger } from '../../src/debug-node.ts';
import { debug, type Program, prepare, startOf } from './programs.ts';

const sumOf = (data: string): string => {
  const sum = Array.from(data, (char) => char.charCodeAt(0)).reduce((total, code) => (total + code) & 255, 0);
  return sum.toString(16).padStart(2, '0');
};
const packet = (data: string): string => `$${data}#${sumOf(data)}`;

/** A client that says what it likes, with all that it was sent. */
class Client {
  readonly partings: Parting[] = [];
  sent = '';
  readonly connection: DebugConnection;

  constructor(session: DebugSession) {
    this.connection = new DebugConnection(
      session,
      (text) => {
        this.sent += text;
      },
      (parting) => this.partings.push(parting),
    );
  }

  /** The data of the answer to a packet. */
  async ask(data: string): Promise<string> {
    this.sent = '';
    await this.connection.receive(packet(data));
    const found = /^\+\$(.*)#([0-9a-f]{2})$/s.exec(this.sent);
    assert.ok(found !== null, `no answer to ${data}: ${this.sent}`);
    assert.equal(found[2], sumOf(found[1]!));
    return found[1]!;
  }
}

const open = async (argument = 4): Promise<{ program: Program; session: DebugSession; client: Client }> => {
  const program = prepare('calls', argument);
  const session = await debug(program);
  return { program, session, client: new Client(session) };
};

const code = (offset: number): string => (2n ** 62n + 2n ** 32n + BigInt(offset)).toString(16);
const littleEndian = (hex: string): string => hex.padStart(16, '0').match(/../g)!.reverse().join('');

describe('answers', () => {
  test('to what a client asks first', async () => {
    const { client, program } = await open();
    assert.match(
      await client.ask('qSupported:xmlRegisters=i386'),
      /^PacketSize=[0-9a-f]+;.*ReverseContinue\+/,
    );
    assert.equal(await client.ask('qC'), 'QC1');
    assert.equal(await client.ask('qfThreadInfo'), 'm1');
    assert.equal(await client.ask('qRegisterInfo1'), 'E45');
    assert.equal(await client.ask('vCont?'), 'vCont;c;C;s;S');
    assert.equal(await client.ask('qUnknown'), '');
    const start = startOf(program, 3);
    assert.equal(await client.ask('p0'), littleEndian(code(start)));
    assert.match(await client.ask('?'), new RegExp(`^T05thread:1;.*thread-pcs:${code(start)};`));
    assert.match(
      await client.ask('qXfer:libraries:read::0,ffff'),
      /^l<library-list><library name="wasm:main"><section address="0x4000000100000000"\/>/,
    );
  });

  test('to what is read: code, memory, values of frames', async () => {
    const { client, program } = await open();
    assert.equal(await client.ask(`m${code(0)},4`), '0061736d');
    program.instance.memory0.view.setInt32(100, 0x01020304, true);
    assert.equal(await client.ask('m64,4'), '04030201');
    assert.equal(await client.ask('m100000064,4'), '04030201');
    assert.equal(await client.ask('qWasmLocal:0;0'), '0400000000000000');
    assert.equal(await client.ask('qWasmCallStack:1'), littleEndian(code(startOf(program, 3))));
    assert.match(await client.ask('qMemoryRegionInfo:0'), /^start:0;size:10000;permissions:rw;$/);
    assert.match(await client.ask('qMemoryRegionInfo:10000'), /^start:10000;size:[0-9a-f]+;$/);
  });

  test('to running: breakpoints, steps, both ways, to the end', async () => {
    const { client, program } = await open();
    const offset = startOf(program, 1);
    assert.equal(await client.ask(`Z0,${code(offset)},1`), 'OK');
    for (let i = 0; i < 2; i++)
      assert.match(
        await client.ask('vCont;c'),
        new RegExp(`thread-pcs:${code(offset)};.*reason:breakpoint;`),
      );
    assert.match(await client.ask('vCont;s:1'), /reason:trace;/);
    assert.match(await client.ask('bs'), new RegExp(`thread-pcs:${code(offset)};.*reason:trace;`));
    assert.match(await client.ask('bc'), /reason:breakpoint;/);
    assert.match(await client.ask('bc'), /replaylog:begin;/);
    assert.equal(await client.ask(`z0,${code(offset)},1`), 'OK');
    assert.equal(await client.ask('c'), 'W00');
    assert.equal(await client.ask('c'), 'E03');
    assert.equal(await client.ask('bs'), 'E03');
    assert.equal(await client.ask('?'), 'W00');
  });

  test('to writing: memory alone, where nothing was recorded of what comes next', async () => {
    const { client, program, session } = await open();
    assert.equal(await client.ask('M40,4:0a0b0c0d'), 'OK');
    assert.equal(program.instance.memory0.view.getUint32(0x40), 0x0a0b0c0d);
    assert.equal(await client.ask(`M${code(8)},1:00`), 'E02');
    assert.equal(await client.ask('Mfffe,4:00000000'), 'E02');
    assert.equal(await client.ask('M40,4:0a'), 'E01');
    for (let i = 0; i < 5; i++) await session.step();
    await session.reverseStep();
    assert.equal(await client.ask('M40,1:00'), 'E03');
  });
});

/** TABLE: what does not read, or names what is not there. */
const refused = [
  'm',
  'm0',
  'mxyz,4',
  'm0,zz',
  'm10000,4',
  'mffffffffffffffff,4',
  'm8000000000000000,4',
  'm4000000900000000,4',
  'm0,fffffffffffffffff',
  'M0,1:zz',
  'M0',
  'Mffffffff,1:00',
  'Z0,0,1',
  'Z0,4000000100000000,1',
  'Z0,zz,1',
  'Z0',
  'Z2,0,0',
  'Z2,0,fffffff',
  'Z2,fffe,4',
  'Z2,ffff0000,4',
  'qWasmLocal:9;0',
  'qWasmLocal:0;99999',
  'qWasmLocal:',
  'qWasmLocal:-1;0',
  'qWasmStackValue:0;50',
  'qWasmGlobal:0;7',
  'qWasmGlobal:0',
  'p7',
  'qMemoryRegionInfo:',
  'qXfer:libraries:read::',
  'qXfer:libraries:read::zz,1',
  'vCont;',
  'vCont;x',
  'qRcmd,zz',
  'qRcmd,7',
] as const;

describe('a client that asks for what cannot be', () => {
  test('gets an error, and the call continues as it would have', async () => {
    const { client, program } = await open();
    for (const data of refused) assert.match(await client.ask(data), /^E\d\d$/, data);
    // A part of what was asked for is there.
    assert.equal(await client.ask('mffff,ffff'), '00');
    assert.equal(await client.ask('c'), 'W00');
    const plain = prepare('calls', 4);
    plain.execution.run();
    assert.deepEqual(program.execution.results, plain.execution.results);
    assert.equal(program.execution.fuelConsumed, plain.execution.fuelConsumed);
  });

  test('and damaged packets are asked for again', async () => {
    const { client } = await open();
    await client.connection.receive('$qC#00');
    assert.equal(client.sent, '-');
    client.sent = '';
    await client.connection.receive('noise$q');
    await client.connection.receive('C#b4');
    assert.equal(client.sent, `+${packet('QC1')}`);
    client.sent = '';
    await client.connection.receive(`$${'x'.repeat(200_000)}`);
    assert.equal(client.sent, '-');
    assert.equal(await client.ask('qC'), 'QC1');
  });

  test('random bytes and random packets never end the session, and change nothing', async () => {
    let seed = 0x2545f491;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const starts = [
      'm',
      'M',
      'Z0,',
      'Z2,',
      'z0,',
      'z2,',
      'p',
      'H',
      'T',
      'q',
      'Q',
      'v',
      'j',
      'qWasm',
      'qWasmLocal:',
      'qRcmd,',
      'x',
      'X',
      '_M',
      'b',
    ];
    const text = (): string =>
      Array.from({ length: random(20) }, () => '0123456789abcdef,;:-xyz#$}*\x03\xff'[random(29)]!).join('');
    const { client, program, session } = await open();
    const { position } = session;
    for (let i = 0; i < 3000; i++) {
      const data = `${starts[random(starts.length)]}${text()}`.replace(/[^\x20-\x7e]|[#$]/g, '.');
      // Those that run the call, end the session, or write are not at random here.
      if (/^(?:M|bc|bs|vKill|vCont)/.test(data)) continue;
      await client.connection.receive(random(4) === 0 ? text() : packet(data));
      await client.connection.receive(packet('z2,0,1'));
    }
    client.sent = '';
    assert.equal(await client.ask('qC'), 'QC1');
    assert.deepEqual(client.partings, []);
    assert.deepEqual(session.position, position);
    for (let i = 0; i < 0x100; i++) await client.connection.receive(packet(`z0,${code(i)},1`));
    let answer = await client.ask('c');
    for (let i = 0; i < 50 && !answer.startsWith('W'); i++) answer = await client.ask('c');
    assert.equal(answer, 'W00');
    const plain = prepare('calls', 4);
    plain.execution.run();
    assert.deepEqual(program.execution.results, plain.execution.results);
  });
});

describe('a server', () => {
  const serve = async (): Promise<{ program: Program; session: DebugSession; server: DebugServer }> => {
    const program = prepare('calls', 4);
    const session = await debug(program);
    return { program, session, server: await listenForDebugger(session) };
  };
  const client = (server: DebugServer): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(server.port, server.address, () => resolve(socket)).setEncoding('latin1');
      socket.on('error', () => {});
    });
  const answer = (socket: Socket): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      socket.on('data', (chunk: string) => {
        text += chunk;
        if (/\$.*#..$/s.test(text)) resolve(text);
      });
    });

  test('listens on this machine alone unless it is told otherwise', async () => {
    const { server, session } = await serve();
    assert.equal(server.address, '127.0.0.1');
    server.close();
    const open = await listenForDebugger(session, { address: '0.0.0.0' });
    assert.equal(open.address, '0.0.0.0');
    open.close();
    await assert.rejects(listenForDebugger(session, { address: '203.0.113.1' }), { code: 'EADDRNOTAVAIL' });
  });

  test('keeps the call when a line is cut, and takes the next client', async () => {
    const { server, session } = await serve();
    const first = await client(server);
    const second = await client(server);
    // One at a time.
    await new Promise((resolve) => second.on('close', resolve));
    first.write(`${packet('qC')}garbage`);
    assert.equal(await answer(first), `+${packet('QC1')}`);
    const { position } = session;
    first.destroy();
    await new Promise((resolve) => first.on('close', resolve));
    let third = await client(server);
    // The server may not have heard of the end of the first.
    for (;;) {
      third.write(packet('D'));
      const text = await Promise.race([
        answer(third),
        new Promise<string>((resolve) => third.on('close', () => resolve(''))),
      ]);
      if (text !== '') break;
      third = await client(server);
    }
    assert.equal(await server.parted, 'detached');
    assert.deepEqual(session.position, position);
    server.close();
  });

  test('interrupts a call that runs, when the client asks and when its line is cut', async () => {
    const program = prepare('spin', 100_000_000);
    const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const session = await debug(program, { breathe });
    const server = await listenForDebugger(session);
    const socket = await client(server);
    const stopped = answer(socket);
    socket.write(packet('c'));
    setTimeout(() => socket.write('\x03'), 50);
    assert.match(await stopped, /\$T02thread:1;/);
    assert.equal(session.stop.reason, 'interrupt');
    socket.write(packet('c'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    while (session.isBusy) await breathe();
    assert.equal(session.stop.reason, 'interrupt');
    server.close();
    session.detach();
  });
});
