/**
 * The common parts of the pictures: colours for light and dark pages, the frame, and the conditions of the
 * measurement.
 */
import type { Conditions } from './figures.ts';

const css = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .note { fill: #59636e; }
  .number { text-anchor: end; font-variant-numeric: tabular-nums; }
  .grid { stroke: #d1d9e0; }
  .native { stroke: #59636e; }
  .jit { fill: #0969da; }
  .jitless { fill: #80b5f5; }
  .peer { fill: #bc4c00; }
  .other { fill: #8250df; }
  .passed { fill: #1a7f37; }
  .curve { fill: none; stroke-width: 2; }
  .curve.native { stroke: #59636e; }
  .curve.interpreted { stroke: #1a7f37; }
  .curve.jit { stroke: #0969da; fill: none; }
  .curve.jitless { stroke: #80b5f5; fill: none; }
  .curve.peer { stroke: #bc4c00; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .native { stroke: #9198a1; }
    .jit { fill: #4493f8; }
    .jitless { fill: #2a5fa5; }
    .peer { fill: #f0883e; }
    .other { fill: #a371f7; }
    .passed { fill: #3fb950; }
    .curve.native { stroke: #9198a1; }
    .curve.interpreted { stroke: #3fb950; }
    .curve.jit { stroke: #4493f8; }
    .curve.jitless { stroke: #2a5fa5; }
    .curve.peer { stroke: #f0883e; }
  }
`;

/** To a tenth of a pixel. */
export const round = (value: number): number => Math.round(value * 10) / 10;

export const conditionsText = ({ date, node, system }: Conditions): string =>
  `Node ${node.replace(/^v/, '')}, ${system}, code of ${date}`;

interface Frame {
  readonly title: string;
  readonly width: number;
  readonly height: number;
}
export const drawing = ({ title, width, height }: Frame, elements: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>${css}</style>
${elements.join('\n')}
</svg>
`;
