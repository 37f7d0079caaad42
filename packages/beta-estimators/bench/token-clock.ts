// Token times to coefficients at growing size: the time per token should not rise. The estimator alone; reading the file is not in it.
import { streamedRun } from '@stepclock/made-data';
import { estimateTokenClock } from '../src/index.js';

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

print('| requests | tokens | steps | user + sys, s | us a token | peak, MB |');
print('| ---: | ---: | ---: | ---: | ---: | ---: |');
for (const requests of [1050, 4200, 16_800]) {
  const { tokens } = streamedRun(
    {
      perSec: 8,
      requests,
      outputTokens: 250,
      engine: { maxNumBatchedTokens: 2048, stepNoise: 0.02 },
      client: { jitterSec: 5e-4 },
    },
    1,
  );
  const before = process.cpuUsage();
  const { clock } = estimateTokenClock(tokens, { tokenBudget: 2048 });
  const { user, system } = process.cpuUsage(before);
  const sec = (user + system) / 1e6;
  const peakMB = process.resourceUsage().maxRSS / 1e3;
  print(
    `| ${requests} | ${clock.chunks} | ${clock.steps} | ${sec.toFixed(2)} | ${((1e6 * sec) / clock.chunks).toFixed(2)} | ${peakMB.toFixed(0)} |`,
  );
}
