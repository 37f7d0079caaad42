const LONG = /-?\d+\.\d{3,}(?:e-?\d+)?/g;

const shortNumber = (text: string): string => `${Number(Number(text).toFixed(2))}`;

/** Coordinates to a hundredth of a px: what is seen, at a third of the bytes. Text is left alone. */
export const roundCoordinates = (svg: string): string =>
  svg.replace(/ (d|transform|fill-opacity|x2|y2|width|height)="([^"]*)"/g, (_, name: string, value: string) => {
    return ` ${name}="${value.replace(LONG, shortNumber)}"`;
  });

/** Vega numbers clips and gradients through the life of a process; here they count from 1 in the order of the picture. */
export const orderedIds = (svg: string): string => {
  const order = new Map<string, string>();
  return svg.replace(/((?:id="|url\(#))((clip|gradient_)\d+)/g, (_, before: string, id: string, kind: string) => {
    const known = order.get(id) ?? `${kind.replace('_', '')}-${order.size + 1}`;
    order.set(id, known);
    return before + known;
  });
};

/** A mark's own drawing: its shape and where it stands. Vega writes them in this order. */
const SYMBOL = /<path transform="translate\(([^,)]+),([^)]+)\)" (d="[^"]*"[^>]*)\/>/g;
const CELL = /<path d="(M[^"]*)" ([^>]*)\/>/g;

const INVISIBLE = /<path [^>]*\bopacity="0"[^>]*\/>/g;

/** Equal symbols are defined once and used at many places. */
const sharedSymbols = (marks: string, idOf: () => string): string => {
  const shapes = new Map<string, { readonly id: string; readonly uses: string[] }>();
  const rest = marks.replace(SYMBOL, (_, x: string, y: string, look: string) => {
    const shape = shapes.get(look) ?? { id: idOf(), uses: [] };
    shapes.set(look, shape);
    shape.uses.push(`<use href="#${shape.id}" x="${x}" y="${y}"/>`);
    return '';
  });
  const drawn = [...shapes].map(
    ([look, { id, uses }]) =>
      `<defs><path id="${id}" ${look.replace(' stroke-width="2"', '')}/></defs>${uses.join('')}`,
  );
  return rest + drawn.join('');
};

/** Cells of one look become one path. */
const joinedCells = (marks: string): string => {
  const looks = new Map<string, string[]>();
  const rest = marks.replace(CELL, (_, outline: string, look: string) => {
    const outlines = looks.get(look) ?? [];
    looks.set(look, outlines);
    outlines.push(outline);
    return '';
  });
  return rest + [...looks].map(([look, outlines]) => `<path d="${outlines.join('')}" ${look}/>`).join('');
};

/**
 * A still picture for the page, a few times smaller: invisible hover targets are dropped, equal symbols shared, cells of one
 * colour joined. It looks the same. `prefix` keeps identifiers apart from those of the page's other pictures.
 */
export const compactSvg = (svg: string, prefix: string): string => {
  let shapes = 0;
  const idOf = (): string => `${prefix}-mark-${++shapes}`;
  return svg
    .replace(
      /(<g class="mark-symbol role-mark[^>]*>)(.*?)(<\/g>)/gs,
      (_, open: string, marks: string, close: string) => {
        return open + sharedSymbols(marks.replace(INVISIBLE, ''), idOf) + close;
      },
    )
    .replace(/(<g class="mark-rect role-mark[^>]*>)(.*?)(<\/g>)/gs, (_, open: string, marks: string, close: string) => {
      return (
        open + joinedCells(marks.replace(INVISIBLE, '').replace(/ aria-[a-z]+="[^"]*"| role="[^"]*"/g, '')) + close
      );
    })
    .replace(/(\bid="|url\(#)((?:clip|gradient)-\d+)/g, `$1${prefix}-$2`);
};
