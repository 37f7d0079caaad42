import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The floors of the house: a package may import only from floors below its own. */
const FLOOR: Readonly<Record<string, number>> = {
  numerics: 0,
  faults: 0,
  'nnls-solver': 1,
  'trace-io': 1,
  'model-file': 1,
  'step-cost': 2,
  'overlap-pressure': 2,
  'engine-sim': 2,
  regression: 2,
  'beta-estimators': 3,
  'step-model': 3,
  'step-time': 3,
  token2metrics: 3,
  'stage-latency-recalibration': 3,
  charts: 1,
};

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..');
const packages = readdirSync(join(root, 'packages'));

const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));

const sources = (folder: string): readonly string[] =>
  readdirSync(join(root, 'packages', folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => readFileSync(join(root, 'packages', folder, 'src', f), 'utf8'));

/** Packages that import and export statements name. Node's own modules are the linter's matter, and the browser test's. */
const IMPORTS =
  /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^'.][^']*)'|^import\s+'([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm;

const imported = (source: string): readonly string[] =>
  [...source.matchAll(IMPORTS)]
    .map((m) => m[1] ?? m[2] ?? m[3] ?? '')
    .filter((path) => !path.startsWith('node:'))
    .map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    );

describe('the house', () => {
  it('has a floor for every package', () => {
    expect([...packages].sort()).toEqual(Object.keys(FLOOR).sort());
  });

  it('every form of import is seen', () => {
    const source =
      "import { a } from 'a';\nimport 'b/c';\nexport type { d } from '@d/e/f';\nimport {\n  g,\n} from 'h';\nconst i = await import('j');\nimport k from './l.js';\nconst m = 'text from ' + n;";
    expect(imported(source)).toEqual(['a', 'b', '@d/e', 'h', 'j']);
  });

  it.each(packages)('%s imports only from floors below, and only what its manifest names', (folder) => {
    const { name, dependencies = {} } = manifest(folder);
    expect(name).toBe(`@stepclock/${folder}`);
    const used = new Set(sources(folder).flatMap(imported));
    for (const dependency of used) {
      expect(Object.keys(dependencies), `${folder} imports ${dependency}`).toContain(dependency);
    }
    for (const dependency of Object.keys(dependencies)) {
      if (!dependency.startsWith('@stepclock/')) continue;
      const below = FLOOR[dependency.slice('@stepclock/'.length)] ?? Number.NaN;
      expect(below, `${folder} stands on ${dependency}`).toBeLessThan(FLOOR[folder] ?? Number.NaN);
    }
  });
});
