// Packs every public package as it would be published and checks the tarballs with publint and attw.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const folders = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
);
const out = mkdtempSync(join(tmpdir(), 'stepclock-pack-'));
let faults = 0;
try {
  for (const folder of folders) {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    try {
      const { filename } = JSON.parse(
        run('npx', ['--yes', 'pnpm@10.34.9', 'pack', '--json', '--pack-destination', out], folder),
      );
      run('npx', ['publint', 'run', filename, '--strict']);
      // The cli is a program; only its packages are imported by others.
      if (name !== 'stepclock') run('npx', ['attw', filename, '--profile', 'esm-only']);
      console.log(`ok    ${name}`);
    } catch (error) {
      faults++;
      console.log(`FAULT ${name}\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
    }
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exitCode = faults === 0 ? 0 : 1;
