import { join } from 'node:path';
import { type NamedFigure, type ReportData, renderPng, renderSvg } from '@stepclock/charts';
import type { Session } from '../session/session.js';

/** Draws every chart as NAME.svg and NAME.png into a folder. Returns the paths. */
export const writeFigures = async (
  folder: string,
  figures: readonly NamedFigure[],
  session: Session,
): Promise<readonly string[]> => {
  const paths: string[] = [];
  for (const { name, spec } of figures) {
    const svg = await renderSvg(spec);
    const files = { [`${name}.svg`]: svg, [`${name}.png`]: await renderPng(svg) };
    for (const [file, content] of Object.entries(files)) {
      const path = join(folder, file);
      await session.writeFile(path, content);
      paths.push(path);
    }
  }
  return paths;
};

const fileName = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .slice(0, 60);

/** The figures of a report, numbered in its order and named after their titles. */
export const figuresOf = ({ sections }: ReportData): readonly NamedFigure[] =>
  sections
    .flatMap(({ blocks }) => blocks)
    .flatMap((block) => (block.kind === 'figures' ? block.figures : []))
    .map(({ spec }, i) => ({ name: `${String(i + 1).padStart(2, '0')}_${fileName(spec.title.text)}`, spec }));
