// The cli on every real engine log of the data folder: coefficients and how long the whole process took.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(process.argv[2] ?? '../shared/data', 'vllm-requests');
const cli = join(import.meta.dirname, '../../apps/cli/dist/bin.js');

interface BetasJson {
  readonly betas: Readonly<Record<'beta0' | 'beta1' | 'beta2', number>> & { readonly beta3?: number };
  readonly converged: boolean;
  readonly warnings: readonly { readonly code: string }[];
}

const us = (sec: number | undefined): string => (sec === undefined ? '' : (sec * 1e6).toFixed(3));

if (!existsSync(folder)) process.stdout.write(`skipped: no engine logs at ${folder}\n`);
else {
  process.stdout.write(
    '| log | algorithm | us/step | us/prefill token | us/decode token | us/context token | seconds | warnings |\n',
  );
  process.stdout.write('|---|---|---|---|---|---|---|---|\n');
  for (const log of readdirSync(folder).sort()) {
    for (const algo of ['baseline', 'iterative', 'step-clock']) {
      const start = performance.now();
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [cli, 'estimate', join(folder, log, 'requests.jsonl'), '--algo', algo, '--json', '-', '--log-level', 'error'],
        { encoding: 'utf8' },
      );
      const sec = ((performance.now() - start) / 1000).toFixed(2);
      if (status !== 0) {
        process.stdout.write(`| ${log} | ${algo} | failed: ${stderr.trim()} |\n`);
        process.exitCode = 1;
        continue;
      }
      const { betas, warnings } = JSON.parse(stdout) as BetasJson;
      const codes = warnings.map((w) => w.code).join(', ');
      process.stdout.write(
        `| ${log} | ${algo} | ${us(betas.beta0)} | ${us(betas.beta1)} | ${us(betas.beta2)} | ${us(betas.beta3)} | ${sec} | ${codes} |\n`,
      );
    }
  }
}
