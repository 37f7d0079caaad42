import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workbook } from '@stepclock/made-data';
import { afterAll, expect, it } from 'vitest';
import { stepclock } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stepclock-sheet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a workbook of 20,000 rows is read: the zip reader is the one for Node', async () => {
  const names = ['input_tokens', 'output_tokens', 'ttft_ms', 'decode_time_ms', 'total_time_ms'];
  const rows = Array.from({ length: 20_000 }, (_, i) => {
    const [input, output] = [100 + ((i * 37) % 900), 20 + ((i * 53) % 400)];
    const [ttft, decode] = [20 + 0.1 * input, 12 * (output - 1)];
    return [input, output, ttft, decode, ttft + decode];
  });
  const path = join(folder, 'large.xlsx');
  const bytes = workbook({ '8B': [names, ...rows] });
  expect(bytes.length).toBeGreaterThan(512 * 1024);
  writeFileSync(path, bytes);
  const { code, stdout, stderr } = await stepclock([
    ...['token2metrics', 'train', '--data', path, '--model', '8B', '--regression', 'physics', '--no-figures'],
    ...['--output', join(folder, 'models')],
  ]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('8B: 20000 rows');
});
