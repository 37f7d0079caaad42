import { describe, expect, it } from 'vitest';
import { textHistogram, textLine } from '../src/index.js';

describe('a histogram in the terminal', () => {
  it('has a bar a range, the highest as long as there is room', () => {
    const text = textHistogram({
      title: 'Residuals',
      values: [-1, 0, 0, 0, 0, 1, 1, 2],
      unit: '%',
      bars: 3,
      width: 40,
    });
    expect(text).toMatchInlineSnapshot(`
      "Residuals (%)
      −1 to 0  1  ███████
       0 to 1  4  ████████████████████████████
       1 to 2  3  █████████████████████
      8 values from −1 to 2 %"
    `);
  });

  it('never draws something as nothing', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i === 0 ? 9 : (i % 10) / 10));
    const lines = textHistogram({ title: 'T', values, bars: 10, width: 40 }).split('\n').slice(1, -1);
    for (const line of lines.filter((one) => !/ 0$/.test(one))) expect(line).toMatch(/[▏▎▍▌▋▊▉█]$/);
  });

  it('keeps to its width', () => {
    const text = textHistogram({ title: 'T', values: [1, 2, 3, 4, 5e6], width: 50 });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(50);
  });

  it('refuses what it cannot draw', () => {
    expect(() => textHistogram({ title: 'T', values: [] })).toThrow('values: must have at least one row; got 0');
    expect(() => textHistogram({ title: 'T', values: [1], width: 10 })).toThrow('width: must be at least 40; got 10');
  });
});

describe('a line in the terminal', () => {
  it('rises from the left below to the right above', () => {
    const text = textLine({
      title: 'Rise',
      x: [0, 1, 2],
      y: [0, 1, 2],
      width: 34,
      height: 3,
      xUnit: 's',
      yUnit: 'tokens',
    });
    expect(text).toMatchInlineSnapshot(`
      "Rise (tokens)
                 2 ┤             ⣀⣀⠤⠤⠒⠒⠉
                   ┤      ⣀⡠⠤⠔⠒⠉⠉
                 0 ┤⣀⠤⠔⠒⠊⠉
                   └────────────────────
                    0 s              2 s"
    `);
  });

  it('keeps to its size, whatever the number of rows', () => {
    const x = Array.from({ length: 5000 }, (_, i) => i);
    const text = textLine({ title: 'T', x, y: x.map((v) => Math.sin(v / 100)), width: 60, height: 6 });
    const lines = text.split('\n');
    expect(lines).toHaveLength(9);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('refuses what it cannot draw', () => {
    expect(() => textLine({ title: 'T', x: [1], y: [1, 2] })).toThrow('y: must have as many rows as x (1); got 2');
    expect(() => textLine({ title: 'T', x: [1], y: [1], height: 1 })).toThrow('height: must be at least 2; got 1');
  });
});
