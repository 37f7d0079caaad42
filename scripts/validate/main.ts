// Measures stepclock against real data and simulated engines: npm run validate -- [DATA_FOLDER] [--quick] [--only NAME]
// Without the data folder the parts that need it say so and are skipped. --quick takes fewer seeds.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const DEFAULT_DATA = '../shared/data';

const words = process.argv.slice(2);
const only = words.includes('--only') ? words[words.indexOf('--only') + 1] : undefined;
const quick = words.includes('--quick');
const data = resolve(words.find((w, i) => !w.startsWith('--') && words[i - 1] !== '--only') ?? DEFAULT_DATA);

const parts = readdirSync(import.meta.dirname)
  .filter((f) => f.endsWith('.ts') && f !== 'main.ts')
  .map((f) => f.slice(0, -'.ts'.length))
  .filter((name) => only === undefined || name === only)
  .sort();

if (!existsSync(data)) process.stdout.write(`skipped: no measurements at ${data}; simulated engines only\n`);

let failed = 0;
for (const part of parts) {
  process.stdout.write(`\n## ${part}\n\n`);
  const { status } = spawnSync(
    process.execPath,
    [
      '--conditions=@stepclock/source',
      '--import',
      'tsx',
      join(import.meta.dirname, `${part}.ts`),
      data,
      ...(quick ? ['--quick'] : []),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) {
    failed++;
    process.stdout.write(`${part}: FAILED with exit code ${status}\n`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
