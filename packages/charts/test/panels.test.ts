import { describe, expect, it } from 'vitest';
import { barSpec, panelSpec } from '../src/index.js';
import { everySpec } from './every-spec.js';
import { panelsDrawn } from './scene.js';

const specs = everySpec();
/** A stroke or half a symbol may reach over the edge, px. */
const STROKE = 6;

describe.each(Object.entries(specs))('%s in panels', (_, spec) => {
  const narrow = { ...spec, width: 300 };

  it('is drawn as it is alone', async () => {
    const panels = await panelsDrawn(panelSpec({ title: 'Both', panels: [spec, narrow] }));
    expect(panels).toEqual([...(await panelsDrawn(spec)), ...(await panelsDrawn(narrow))]);
  });

  it('lies inside its panel', async () => {
    const panels = await panelsDrawn(panelSpec({ title: 'Both', panels: [narrow, spec] }));
    expect(panels.map(({ width }) => width)).toEqual([narrow.width, spec.width]);
    for (const { width, height, marks } of panels) {
      expect(marks.length).toBeGreaterThan(0);
      for (const mark of marks.filter(({ type }) => type !== 'text')) {
        expect(mark.left).toBeGreaterThanOrEqual(-STROKE);
        expect(mark.right).toBeLessThanOrEqual(width + STROKE);
        expect(mark.top).toBeGreaterThanOrEqual(-STROKE);
        expect(mark.bottom).toBeLessThanOrEqual(height + STROKE);
      }
    }
  });
});

it('bars in panels begin at zero, grow to the right and leave room for their values', async () => {
  const bars = [
    { group: 'OLS', series: 'train', value: 0.5 },
    { group: 'OLS', series: 'test', value: 1 },
  ];
  const spec = barSpec({ title: 'R²', width: 330, value: { label: 'R²', unit: '' }, bars });
  for (const { width, marks } of await panelsDrawn(panelSpec({ title: 'Both', panels: [spec, spec] }))) {
    const [half, whole] = marks.filter(({ type }) => type === 'rect');
    expect([half?.left, whole?.left]).toEqual([0, 0]);
    expect(whole?.right).toBe(width - 48);
    expect(half?.right).toBe((width - 48) / 2);
    for (const text of marks.filter(({ type }) => type === 'text')) expect(text.right).toBeLessThanOrEqual(width);
  }
});
