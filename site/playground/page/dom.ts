/** Making elements. */

type Child = Node | string | null;
type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

/** Attributes; those that are false or null are left out, those that are true are empty. */
export interface Given {
  readonly attributes?: Readonly<Record<string, string | number | boolean | null>>;
  readonly on?: Listeners;
}

/** Sets or removes an attribute. */
export const setAttribute = (
  element: Element,
  name: string,
  value: string | number | boolean | null,
): void => {
  if (value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
};

/** An element: `el('button.wide', { on: { click } }, 'Call')`. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  name: K | `${K}.${string}`,
  { attributes = {}, on = {} }: Given = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => {
  const [tag = '', ...classes] = name.split('.');
  const element = document.createElement(tag) as HTMLElementTagNameMap[K];
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) setAttribute(element, key, value);
  for (const [type, listener] of Object.entries(on))
    element.addEventListener(type, listener as EventListener);
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
};

const SVG = 'http://www.w3.org/2000/svg';

/** An element of a picture. */
export const svg = (
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly (Node | string)[]
): SVGElement => {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
};

let count = 0;

/** A field with its label in front. */
export const labelled = (label: string, field: HTMLElement, ...more: readonly Child[]): HTMLElement => {
  field.id ||= `field-${++count}`;
  return el('div.field', {}, el('label', { attributes: { for: field.id } }, label), field, ...more);
};

/** A small field beside its label. */
export const inline = (label: string, field: HTMLElement): HTMLElement => {
  const row = labelled(label, field);
  row.classList.add('inline');
  return row;
};

export const button = (
  text: string,
  click: () => void,
  attributes: NonNullable<Given['attributes']> = {},
): HTMLButtonElement => el('button', { attributes: { type: 'button', ...attributes }, on: { click } }, text);

/** A menu of texts by value. */
export const menu = (
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  onChoice: (value: string) => void,
): HTMLSelectElement => {
  const select = el(
    'select',
    {},
    ...options.map(([value, text]) => el('option', { attributes: { value } }, text)),
  );
  select.value = chosen;
  select.addEventListener('change', () => onChoice(select.value));
  return select;
};

/** A number as people read it. */
export const count3 = (value: number): string => value.toLocaleString('en');
