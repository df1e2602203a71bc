/** Memory as bytes, with those marked that have changed since the last pause of the call. */
import type { Actions } from './actions.ts';
import { button, count3, el, labelled, menu } from './dom.ts';
import type { Store } from './store.ts';

const BYTES = 256;

const letterOf = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·');

export const memoryTab = (store: Store, actions: Actions): HTMLElement => {
  let address = 0;
  /** What was shown last, by address of its first byte. */
  let shown: { readonly address: number; readonly memory: number; readonly bytes: Uint8Array } | null = null;
  let asked = 0;

  const memories = menu([['0', '0']], '0', () => void read());
  const field = el('input', {
    attributes: { type: 'text', value: '0x0', autocomplete: 'off', spellcheck: 'false', size: 10 },
    on: {
      change: () => goTo(Number(field.value.trim())),
      keydown: (event) => event.key === 'Enter' && goTo(Number(field.value.trim())),
    },
  });
  const earlier = button('Earlier', () => goTo(address - BYTES));
  const later = button('Later', () => goTo(address + BYTES));
  const size = el('p.hint');
  const table = el('div.hex', {
    attributes: { id: 'memory', role: 'table', 'aria-label': 'Bytes of the memory' },
  });
  const empty = el('p.soft', {}, 'No paused call has a memory.');
  const memoryField = labelled('Memory', memories);
  const controls = el(
    'div.row',
    {},
    memoryField,
    labelled('Address', field),
    el('div.buttons', {}, earlier, later),
  );

  const goTo = (wanted: number): void => {
    const most = Math.max(0, (store.state.call?.memories[Number(memories.value)] ?? 0) - BYTES);
    address = Number.isInteger(wanted)
      ? Math.min(Math.max(0, wanted - (wanted % 16)), most - (most % 16))
      : address;
    field.value = `0x${address.toString(16)}`;
    void read();
  };

  const draw = (bytes: Uint8Array, old: Uint8Array | null): void => {
    const rows: HTMLElement[] = [];
    for (let at = 0; at < bytes.length; at += 16) {
      const row = bytes.subarray(at, at + 16);
      const cells = Array.from(row, (byte, i) => {
        const hasChanged = old !== null && old[at + i] !== byte;
        const text = byte.toString(16).padStart(2, '0');
        const cell = el(
          hasChanged ? 'span.byte.changed' : byte === 0 ? 'span.byte.zero' : 'span.byte',
          {},
          text,
        );
        return cell;
      });
      rows.push(
        el(
          'div.hex-row',
          { attributes: { role: 'row' } },
          el(
            'span.address',
            { attributes: { role: 'rowheader' } },
            (address + at).toString(16).padStart(6, '0'),
          ),
          el('span.bytes', { attributes: { role: 'cell' } }, ...cells),
          el('span.letters', { attributes: { role: 'cell' } }, Array.from(row, letterOf).join('')),
        ),
      );
    }
    table.replaceChildren(...rows);
  };

  const read = async (): Promise<void> => {
    const { call, tab, busy } = store.state;
    const has = call !== null && call.memories.length > 0;
    empty.hidden = has;
    table.hidden = !has;
    controls.hidden = !has;
    size.hidden = !has;
    if (!has || tab !== 'memory' || busy !== null) return;
    const memory = Number(memories.value);
    const turn = ++asked;
    const bytes = await actions.memory(memory, address, BYTES).catch(() => null);
    if (turn !== asked || bytes === null) return;
    size.textContent = `${count3(call.memories[memory] ?? 0)} bytes; what has changed since the last pause is marked.`;
    draw(bytes, shown?.address === address && shown.memory === memory ? shown.bytes : null);
    shown = { address, memory, bytes };
  };

  store.watch(['call', 'tab', 'busy'], ({ call }) => {
    const count = call?.memories.length ?? 0;
    if (memories.options.length !== Math.max(1, count)) {
      memories.replaceChildren(
        ...(call?.memories ?? [0]).map((_, i) => el('option', { attributes: { value: i } }, String(i))),
      );
    }
    memoryField.hidden = count < 2;
    if (call === null) shown = null;
    void read();
  });
  return el('div', {}, empty, controls, size, table);
};
