// Predicted step times of six simulated engines and of the real logs that are there, case by case, as JSON.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario } from '@stepclock/engine-sim';
import { stepSeconds } from '@stepclock/step-cost';
import { type PhaseTable, readTrace } from '@stepclock/trace-io';

const SCENARIOS = ['chunk-512-heavy', 'budget-2048-bursty', 'folded', 'noisy', 'kv-noisy', 'preempting'] as const;
const LOGS = ['rtx4090_llama-3.1-8b', 'rtxpro6000_llama-3.1-8b'];
const STEPS = [
  { prefillTokens: 0, decodeSeqs: 4, contextTokens: 2000 },
  { prefillTokens: 0, decodeSeqs: 20, contextTokens: 12_000 },
  { prefillTokens: 500, decodeSeqs: 12, contextTokens: 8000 },
];

const read = async (folder: string): Promise<[string, PhaseTable][]> => {
  if (!existsSync(join(folder, 'requests.jsonl'))) return [];
  const metaJson = readFileSync(join(folder, 'meta.json'), 'utf8');
  const { phases } = await readTrace(new Blob([readFileSync(join(folder, 'requests.jsonl'))]).stream(), { metaJson });
  return phases === undefined ? [] : [[basename(folder), phases]];
};

const data = process.argv[2] ?? '';
const bundled = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300');
const folders = [bundled, ...LOGS.map((log) => join(data, 'vllm-requests', log))];
const real = (await Promise.all(folders.map(read))).flat();
const simulated = SCENARIOS.map((name) => [name, runScenario(name, { seed: 1, requests: 300 }).phases] as const);
const times = [...simulated, ...real].map(([name, phases]) => {
  const { betas } = estimateStepClock(phases);
  return { name, stepSec: STEPS.map((step) => stepSeconds(betas, step)) };
});
console.log(JSON.stringify(times));
