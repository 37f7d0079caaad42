import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
}

const root = join(import.meta.dirname, '..');
const pending = readdirSync(join(root, '.changeset'))
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => ({ file, text: readFileSync(join(root, '.changeset', file), 'utf8') }));
const published = ['packages', 'apps']
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
  .map((folder): Manifest & { readonly folder: string } => ({
    folder,
    ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  }))
  .filter((manifest) => manifest.private !== true);

const names = (text: string, name: string): boolean =>
  text.split('\n').some((line) => [`${name}:`, `'${name}':`, `"${name}":`].some((key) => line.startsWith(key)));

it.each(published)('$name has a changelog, or a changeset names it', ({ name, folder }) => {
  expect(existsSync(join(folder, 'CHANGELOG.md')) || pending.some(({ text }) => names(text, name))).toBe(true);
});

// The packages are bundled into the program: a release of theirs reaches its users with one of the program's own.
it.each(pending)('$file names the program that carries its packages', ({ text }) => {
  expect(names(text, 'stepclock')).toBe(true);
});
