// Fits every real engine log (all of it, then the first half of its time), serves the whole log again, and prints the errors.
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { holdOutSplit, METRIC_NAMES, replay } from '@stepclock/step-model';
import { readTrace } from '@stepclock/trace-io';

const folder = join(process.argv[2] ?? '../shared/data', 'vllm-requests');

const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(2)} %`);

if (!existsSync(folder)) process.stdout.write(`skipped: no engine logs at ${folder}\n`);
else {
  const figures = METRIC_NAMES.flatMap((metric) => ['mean', 'p99'].map((f) => `${metric} ${f}`));
  process.stdout.write(
    `| log | fitted on | model | ${figures.join(' | ')} |\n|---|---|---${'|---'.repeat(figures.length)}|\n`,
  );
  for (const log of readdirSync(folder).sort()) {
    const metaJson = readFileSync(join(folder, log, 'meta.json'), 'utf8');
    const { phases, requests, facts } = await readTrace(createReadStream(join(folder, log, 'requests.jsonl')), {
      metaJson,
    });
    if (phases === undefined || requests === undefined) continue;
    const { maxNumBatchedTokens, maxNumSeqs, kvTokens, asyncScheduling } = facts.settings;
    const limits = Object.fromEntries(
      Object.entries({ maxNumBatchedTokens, maxNumSeqs, kvTokens, asyncScheduling }).filter(([, v]) => v !== undefined),
    );
    for (const [part, window] of [
      ['all of it', undefined],
      ['first half', holdOutSplit(phases, 0.5).fit],
    ] as const) {
      const { betas, model } = estimateStepClock(phases, { ...(window && { window }) });
      const { metrics } = replay(requests, betas, limits);
      const errors = METRIC_NAMES.flatMap((metric) =>
        [metrics[metric].mean.error, metrics[metric].p99.error].map(percent),
      );
      process.stdout.write(`| ${log} | ${part} | ${model} | ${errors.join(' | ')} |\n`);
    }
  }
}
