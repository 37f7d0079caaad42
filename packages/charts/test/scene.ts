import { parse, View } from 'vega';
import type { Spec } from '../src/index.js';
import { PALETTES, themeConfig } from '../src/render/theme.js';
import { compileSpec } from '../src/render/vega.js';
import { standaloneForm } from '../src/render/vega-lite-form.js';

/** A mark as it lies in its panel, px from the panel's corner. */
interface DrawnMark {
  readonly type: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The plot of one chart, and its data marks. */
interface DrawnPanel {
  readonly width: number;
  readonly height: number;
  readonly marks: readonly DrawnMark[];
}

interface Item {
  readonly bounds: { readonly x1: number; readonly x2: number; readonly y1: number; readonly y2: number };
  readonly x?: number;
  readonly width?: number;
  readonly height?: number;
  readonly items?: readonly Mark[];
}

interface Mark {
  readonly marktype: string;
  readonly role: string;
  readonly name?: string;
  readonly items: readonly Item[];
}

const drawn = (group: Item): DrawnPanel => ({
  width: group.width ?? Number.NaN,
  height: group.height ?? Number.NaN,
  marks: (group.items ?? [])
    .filter(({ role }) => role === 'mark')
    .flatMap(({ marktype, items }) =>
      items.map(({ bounds }) => ({
        type: marktype,
        left: bounds.x1,
        right: bounds.x2,
        top: bounds.y1,
        bottom: bounds.y2,
      })),
    ),
});

/** The scene that a picture is drawn from: the panels of a specification (one, of a single chart). */
export const panelsDrawn = async (spec: Spec): Promise<readonly DrawnPanel[]> => {
  const view = new View(parse(await compileSpec(standaloneForm(spec), themeConfig(PALETTES.light))), {
    renderer: 'none',
  });
  await view.runAsync();
  const { root } = view.scenegraph() as unknown as { readonly root: Mark };
  const [frame] = root.items;
  const panels = (frame?.items ?? []).filter(({ name }) => /^panel_\d+_group$/.test(name ?? ''));
  const groups = panels.length > 0 ? panels.flatMap(({ items }) => items) : root.items;
  const found = groups.map(drawn);
  view.finalize();
  return found;
};
