import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { checkedScript, SHOWS, snippetsOf } from './snippet.js';

const root = join(import.meta.dirname, '..');
const readmes = ['README.md', ...readdirSync(join(root, 'packages')).map((p) => `packages/${p}/README.md`)];

// Inside the scripts package, which may import every package.
const folder = mkdtempSync(join(root, 'scripts/snippets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = promisify(execFile);

const cases = readmes.flatMap((readme) =>
  snippetsOf(readFileSync(join(root, readme), 'utf8'))
    .filter(({ language }) => language === 'ts')
    .map((snippet) => ({ place: `${readme}:${snippet.line}`, code: snippet.code })),
);

describe('README snippets', () => {
  it('every package has one', () => {
    for (const readme of readmes) {
      expect(
        cases.some(({ place }) => place.startsWith(readme)),
        readme,
      ).toBe(true);
    }
  });

  it.concurrent.each(cases)('$place runs and shows what it computes', async ({ place, code }) => {
    const file = join(folder, `${place.replaceAll(/[^\w]/g, '-')}.mts`);
    writeFileSync(file, `${checkedScript(code)}\n${SHOWS}`);
    await expect(
      run(process.execPath, ['--conditions=@stepclock/source', '--import', 'tsx', file], { cwd: folder }),
    ).resolves.toBeDefined();
  });
});
