import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

const traces = join(import.meta.dirname, '../../../fixtures/traces');
const requests = join(traces, 'shared-budget-300/requests.jsonl');
const tokens = join(traces, 'vllm-cpu/steady/bench.json.gz');
const stepLog = join(traces, 'vllm-cpu/steady/steps.csv.gz');

/** A model of 7.5 billion weights. */
const CONFIG = {
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14336,
  vocab_size: 128256,
};

let folder = '';
let config = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-hardware-'));
  config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(CONFIG));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('--hardware', { timeout: 60_000 }, () => {
  it.each([
    ['estimate', requests],
    ['estimate', tokens],
    ['steps', stepLog],
    ['steps', tokens],
  ])('%s %s says how near to its peak the engine runs', async (verb, log) => {
    const named = ['--hardware', 'h100', '--model-config', config];
    const told = await stepclock([verb, log, ...named]);
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/hardware: h100 .*, 7\.5 billion weights a token\n +a step of one decode/);
    const { physics } = JSON.parse((await stepclock([verb, log, ...named, '--json'])).stdout);
    expect(physics.hardware.name).toBe('h100');
    expect(physics.checks[0]).toMatchObject({ what: 'decode-step', possible_sec: (2 * 7_504_658_432) / 3350e9 });
  });

  it('warns of costs that the hardware cannot have', async () => {
    const { stderr } = await stepclock(['estimate', requests, '--hardware', 't4', '--model-config', config]);
    expect(stderr).toMatch(
      /a prefill token \(beta1\) takes 14 % of the time that the hardware needs.*\[below-possible\]/,
    );
  });

  it.each([
    [['--hardware', 'h100'], "--hardware: needs --model-config, the model's config.json"],
    [['--model-config', requests], '--model-config: needs --hardware'],
    [['--hardware', 'h99'], 'h99'],
    [['--hardware', 'h100', '--model-config', requests], 'model config: must be a Hugging Face model'],
  ])('refuses %j', async (options, message) => {
    const { code, stderr } = await stepclock(['estimate', requests, ...options]);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
  });
});
