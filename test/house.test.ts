import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, packageOf, projects, root, sourcesOf, specifiersOf, textOf } from './imports.js';

/** Circles that are still there, by one of their files. */
const CIRCLES: readonly string[] = ['packages/beta-estimators/src/step-clock/verdict/estimate-step-clock.ts'];

/** Exports that no product path uses yet, or any more: to be emptied, not to be added to. */
const UNUSED: Readonly<Record<string, readonly string[]>> = {
  'overlap-pressure': ['runningSum'],
  regression: ['INTERCEPT', 'RankDeficiency'],
  // The last two are what scripts/validate measures with.
  'stage-latency-recalibration': [
    'KNOWN_STAGES',
    'SYNTHETIC_GPUS',
    'drawSets',
    'guardrailFigures',
    'mergeRepeats',
    'runExperiment',
    'samplesForLevel',
    'splitBounds',
    'takeInput',
    'takeSamples',
    'testSize',
    'totalsOf',
    'TOTAL',
    'transferPoints',
  ],
  'step-cost': ['CAPTURED_SIZES', 'PREFILL_TERMS', 'coefficientIntervals', 'heldOutLoss', 'withoutEach'],
  'step-model': [
    'BETAS_SCHEMA',
    'betasSchema',
    'engineLineSchema',
    'REPLAY_SCHEMA',
    'predictDecodes',
    'spanOfPhases',
    'tuningSchema',
  ],
};

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly repository?: { readonly url: string; readonly directory: string };
  readonly homepage?: string;
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (project: string): Manifest => JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8'));

/** Groups of two or more nodes that reach each other (Tarjan's algorithm). */
const circlesOf = (nodes: readonly string[], next: (node: string) => readonly string[]): readonly string[][] => {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): number => {
    const at = index.size;
    index.set(node, at);
    stack.push(node);
    let lowest = at;
    for (const other of next(node)) {
      if (!index.has(other)) lowest = Math.min(lowest, visit(other));
      else if (stack.includes(other)) lowest = Math.min(lowest, low.get(other) ?? index.get(other) ?? at);
    }
    low.set(node, lowest);
    if (lowest === at) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1) circles.push(circle.sort());
    }
    return lowest;
  };
  for (const node of nodes) if (!index.has(node)) visit(node);
  return circles;
};

it('a circle is seen', () => {
  const edges: Readonly<Record<string, readonly string[]>> = { a: ['b'], b: ['c'], c: ['b', 'd'], d: [] };
  expect(circlesOf(Object.keys(edges), (node) => edges[node] ?? [])).toEqual([['b', 'c']]);
});

describe.each(projects)('%s', (project) => {
  const files = sourcesOf(project);

  it('has no circle of imports, types included', () => {
    const circles = circlesOf(files, (file) => importsOf(file).filter((other) => files.includes(other)));
    expect(circles.filter((circle) => !circle.some((file) => CIRCLES.includes(file)))).toEqual([]);
  });

  it('has at most 15 sources in a folder', () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 15)).toEqual([]);
  });

  it('depends on what it imports, all of it and nothing else', () => {
    const { name, dependencies = {} } = manifestOf(project);
    // The program is a bundle: what it carries is a development dependency of its own.
    if (name === 'stepclock') return;
    const sources = files.map(textOf);
    const imported = new Set(
      sources
        .flatMap(specifiersOf)
        .filter((specifier) => !/^(?:\.|node:)/.test(specifier))
        .map(packageOf),
    );
    // A font or a script is found by its name and read as a file.
    const named = (dependency: string): boolean =>
      sources.some((source) => new RegExp(`['"\`]${dependency}['"\`/]`).test(source));
    expect([...imported].filter((one) => !(one in dependencies))).toEqual([]);
    expect(Object.keys(dependencies).filter((one) => !imported.has(one) && !named(one))).toEqual([]);
  });

  it('says where it is from, under which licence, and which siblings it needs', () => {
    const { license, repository, homepage, keywords = [], dependencies = {} } = manifestOf(project);
    expect(license).toBe('Apache-2.0');
    expect(repository).toEqual({
      type: 'git',
      url: 'git+https://github.com/stepclock/stepclock.git',
      directory: project,
    });
    expect(homepage).toBe(`https://github.com/stepclock/stepclock/tree/main/${project}#readme`);
    expect(keywords.length).toBeGreaterThanOrEqual(3);
    const readme = readFileSync(join(root, project, 'README.md'), 'utf8');
    for (const sibling of Object.keys(dependencies).filter((one) => one.startsWith('@stepclock/'))) {
      expect(readme, `README names ${sibling}`).toContain(`\`${sibling}\``);
    }
  });
});

it('no circle between packages', () => {
  const names = new Map(projects.map((project) => [manifestOf(project).name, project]));
  const next = (project: string): readonly string[] =>
    sourcesOf(project)
      .flatMap((file) => specifiersOf(textOf(file)))
      .flatMap((specifier) => names.get(packageOf(specifier)) ?? []);
  expect(circlesOf(projects, next)).toEqual([]);
});

/** Values that a package's index exports. */
const exportedValues = (project: string): readonly string[] =>
  [...textOf(`${project}/src/index.ts`).matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => name.split(' as ').at(-1) ?? name);

describe('an export is there for a product path, or for what the README shows', () => {
  const others = (project: string): string =>
    projects
      .filter((other) => other !== project)
      .flatMap(sourcesOf)
      .map(textOf)
      .join('\n');
  it.each(projects.filter((project) => project.startsWith('packages/')))('%s', (project) => {
    const used = others(project) + readFileSync(join(root, project, 'README.md'), 'utf8');
    const known = UNUSED[project.slice('packages/'.length)] ?? [];
    const unused = exportedValues(project).filter((name) => !new RegExp(`\\b${name}\\b`).test(used));
    // Both ways: what has found its use, or is gone, leaves the list.
    expect([...unused].sort()).toEqual([...known].sort());
  });
});
