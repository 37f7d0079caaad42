import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Folders of sources: every package and every app. */
export const projects: readonly string[] = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(join(root, parent))
    .sort()
    .map((name) => `${parent}/${name}`),
);

/** The source files of a project, as paths from the root. */
export const sourcesOf = (project: string): readonly string[] =>
  readdirSync(join(root, project, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `${project}/src/${file}`)
    .sort();

const texts = new Map<string, string>();

export const textOf = (file: string): string => {
  const known = texts.get(file) ?? readFileSync(join(root, file), 'utf8');
  texts.set(file, known);
  return known;
};

const SPECIFIER =
  /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)|\bnew URL\('(\.[^']+)', import\.meta\.url\)/gm;

/** What a source imports, types and modules that are loaded later among them. */
export const specifiersOf = (source: string): readonly string[] =>
  [...source.matchAll(SPECIFIER)].map((match) => match.slice(1).find((part) => part !== undefined) ?? '');

/** The sources of a project that a source imports. A worker is started, not imported. */
export const importsOf = (file: string): readonly string[] =>
  specifiersOf(textOf(file))
    .filter((specifier) => specifier.startsWith('.') && !specifier.endsWith('-worker.js'))
    .map((specifier) => relative(root, join(root, dirname(file), specifier.replace(/\.js$/, '.ts'))));

/** The package that a specifier names: `d3-dsv`, `@stepclock/faults`. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
