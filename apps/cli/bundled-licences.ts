import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Options } from 'tsup';

/** esbuild comes with tsup: its types too. */
type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

const PACKAGE_FOLDER = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

interface Licence {
  readonly holder: string;
  readonly text: string;
}

const licenceOf = (folder: string): Licence => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:[.-].*)?$/i.test(entry));
  const text =
    file === undefined
      ? `${license}; the package has no licence file of its own.`
      : readFileSync(join(folder, file), 'utf8').trim();
  return { holder: `${name} ${version}`, text };
};

/** Every text once, below the packages that it covers. */
const listing = (licences: readonly Licence[]): string => {
  const holders = new Map<string, Set<string>>();
  for (const { holder, text } of licences) holders.set(text, (holders.get(text) ?? new Set()).add(holder));
  return [...holders]
    .map(([text, names]) => `${[...names].sort().join('\n')}\n\n${text}\n`)
    .sort()
    .join(`\n${'-'.repeat(80)}\n\n`);
};

/** The licences of the packages of other people that modules come from. */
export const licencesOf = (modules: readonly string[]): string => {
  const folders = new Set(modules.flatMap((path) => PACKAGE_FOLDER.exec(path)?.[0] ?? []));
  return listing([...folders].map(licenceOf));
};

/** Writes the licences of all packages of other people whose code is in the bundle. */
export const bundledLicences = (file: string): EsbuildPlugin => ({
  name: 'bundled-licences',
  setup(build) {
    build.onEnd(({ metafile }) => {
      // A build that failed has none, and says so itself.
      if (metafile === undefined) return;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, licencesOf(Object.keys(metafile.inputs)));
    });
  },
});
