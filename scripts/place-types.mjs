// Puts the declarations that one run of the compiler wrote for all packages into the dist of each.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const written = join(root, 'node_modules/.types');
for (const name of readdirSync(join(written, 'packages'))) {
  const dist = join(root, 'packages', name, 'dist');
  // Of a file that is gone.
  for (const entry of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
    if (entry.endsWith('.d.ts')) rmSync(join(dist, entry));
  cpSync(join(written, 'packages', name, 'src'), dist, { recursive: true });
}
rmSync(written, { recursive: true });
