import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';

// What `npm start` and README.md run: a real vLLM seen by its client, beside its own step log (fixtures/README.md).
const run = join(import.meta.dirname, '../../../fixtures/traces/vllm-cpu/steady');
const [bench, log] = [join(run, 'bench.json.gz'), join(run, 'steps.csv.gz')];
const folder = ownFolder('first-command');
const betas = folder.at('betas.json');

const json = async (...argv: readonly string[]) => {
  const { code, stdout, stderr } = await capture([...argv, '--json=-']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

beforeAll(async () => {
  expect((await capture(['estimate', bench, '--json', betas])).code).toBe(0);
});

describe('the first command', () => {
  it("finds every step of the engine's own log, and its coefficients within 2 %", async () => {
    const { against } = await json('steps', bench, '--against', log);
    expect(against.match).toMatchObject({ missed: 0, extra: 0 });
    const errors = against.coefficients.filter(({ coefficient }: { coefficient: string }) => coefficient !== 'beta2');
    expect(errors).toHaveLength(3);
    for (const { coefficient, error } of errors) expect(Math.abs(error), coefficient).toBeLessThan(0.02);
  });

  it('serves the same requests again: means within 3 %', async () => {
    const { metrics } = await json('replay', '--betas', betas, '--requests', bench);
    for (const name of ['ttft', 'tpot', 'latency']) expect(Math.abs(metrics[name].mean.error), name).toBeLessThan(0.03);
  });
});
