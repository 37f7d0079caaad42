// Makes docs/command-line.md from the program's own --help:
//   npm run docs:command-line
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandLinePage } from './command-line-page.js';

const root = join(import.meta.dirname, '../..');
const program = ['--conditions=@stepclock/source', '--import', 'tsx', join(root, 'apps/cli/src/bin.ts')];

const page = await commandLinePage(async (words) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...program, ...words, '--help']);
  return stdout;
});
writeFileSync(join(root, 'docs/command-line.md'), page);
process.stdout.write('docs/command-line.md\n');
