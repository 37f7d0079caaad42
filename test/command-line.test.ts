import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { commandLinePage } from '../scripts/docs/command-line-page.js';

it('docs/command-line.md is what the help of every verb says; scripts/docs/command-line.ts makes it anew', async () => {
  const page = await commandLinePage(async (words) => {
    const { stdout } = await promisify(execFile)(process.execPath, [inject('program'), ...words, '--help']);
    return stdout;
  });
  expect(page).toContain('## stepclock estimate\n');
  expect(page).toContain('### stepclock stage filter\n');
  expect(readFileSync(join(import.meta.dirname, '../docs/command-line.md'), 'utf8')).toBe(page);
}, 120_000);
