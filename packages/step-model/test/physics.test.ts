import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { gpuNames, physicalChecks, physicsJson, physicsText, physicsWarnings, possibleCost } from '../src/index.js';

const LLAMA_8B = {
  model_type: 'llama',
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14336,
  vocab_size: 128256,
  torch_dtype: 'bfloat16',
};
const MIXTRAL = { ...LLAMA_8B, model_type: 'mixtral', vocab_size: 32000, num_local_experts: 8, num_experts_per_tok: 2 };
const DEEPSEEK_V3 = {
  model_type: 'deepseek_v3',
  hidden_size: 7168,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  intermediate_size: 18432,
  vocab_size: 129280,
  n_routed_experts: 256,
  n_shared_experts: 1,
  num_experts_per_tok: 8,
  moe_intermediate_size: 2048,
  first_k_dense_replace: 3,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  quantization_config: { quant_method: 'fp8' },
};
const of = (hardware: string, config: object, tensorParallel = 1) =>
  possibleCost(hardware, JSON.stringify(config), { tensorParallel });

describe('possibleCost', () => {
  it('is bytes over bandwidth and operations over peak rate', () => {
    const { shape, decodeStepSec, prefillTokenSec, contextTokenSec } = of('l40s', LLAMA_8B);
    // 32 layers of 2 x 4096^2 + 2 x 4096 x 1024 + 3 x 4096 x 14336, counted by hand.
    expect(shape.activeWeights).toBe(6_979_321_856);
    expect(shape.headWeights).toBe(4096 * 128256);
    expect(decodeStepSec).toAgree((2 * (6_979_321_856 + 525_336_576)) / 864e9, 1e-12);
    expect(prefillTokenSec).toAgree((2 * 6_979_321_856) / 362e12, 1e-12);
    // 131 kB a token.
    expect(contextTokenSec).toAgree(131_072 / 864e9, 1e-12);
  });

  it('shares layers among GPUs, keys and values among no more than there are heads', () => {
    const [one, two, sixteen] = [1, 2, 16].map((gpus) => of('h100', LLAMA_8B, gpus));
    expect(two.decodeStepSec).toAgree(one.decodeStepSec / 2, 1e-12);
    expect(two.prefillTokenSec).toAgree(one.prefillTokenSec / 2, 1e-12);
    expect(sixteen.contextTokenSec).toAgree((one.contextTokenSec ?? 0) / 8, 1e-12);
  });

  it('counts the experts that a token goes through, and latent attention', () => {
    // The models' own reports: 12.9 and 37 billion, with embeddings.
    expect(of('h100', MIXTRAL).shape.activeWeights).toAgree(12.6e9, 0.01);
    const { shape } = of('h200', DEEPSEEK_V3, 8);
    expect(shape.activeWeights + 2 * shape.headWeights).toAgree(37.5e9, 0.02);
    expect(shape.kvBytesPerToken).toBe(61 * (512 + 64) * 2);
    expect([shape.bytesPerWeight, shape.computesIn8Bits, shape.kvSplits]).toEqual([1, true, 1]);
  });

  it('uses 8-bit rates only where weights and GPU have them', () => {
    const fp8 = { ...LLAMA_8B, quantization_config: { quant_method: 'fp8' } };
    expect(of('h100', fp8).prefillTokenSec).toAgree(of('h100', LLAMA_8B).prefillTokenSec / 2, 1e-3);
    expect(of('a100-80gb', fp8).prefillTokenSec).toBe(of('a100-80gb', LLAMA_8B).prefillTokenSec);
    const awq = of('h100', { ...LLAMA_8B, quantization_config: { quant_method: 'awq', bits: 4 } });
    expect(awq.decodeStepSec).toAgree(of('h100', LLAMA_8B).decodeStepSec / 4, 1e-12);
    expect(awq.prefillTokenSec).toBe(of('h100', LLAMA_8B).prefillTokenSec);
  });

  it('bounds no context where layers slide a window over it, and reads the decoder of a larger model', () => {
    expect(of('h100', { ...LLAMA_8B, sliding_window: 4096 }).contextTokenSec).toBeNull();
    expect(of('h100', { ...LLAMA_8B, sliding_window: 4096, use_sliding_window: false }).contextTokenSec).not.toBeNull();
    expect(of('h100', { model_type: 'llava', text_config: LLAMA_8B }).decodeStepSec).toBe(
      of('h100', LLAMA_8B).decodeStepSec,
    );
  });

  it.each([
    ['h99', JSON.stringify(LLAMA_8B), /hardware: must be one of v100, .*; got "h99"/],
    ['h100', '{', /model config: must be a Hugging Face model's config.json/],
    ['h100', '[]', /must be/],
    [
      'h100',
      JSON.stringify({ ...LLAMA_8B, hidden_size: 0 }),
      /hidden_size: must be a whole number of at least 1; got 0/,
    ],
    ['h100', JSON.stringify({ ...LLAMA_8B, vocab_size: undefined }), /vocab_size/],
    [
      'h100',
      JSON.stringify({ ...LLAMA_8B, quantization_config: { quant_method: 'new' } }),
      /quantization_config.quant_method: must be one of fp8.*or state its bits; got "new"/,
    ],
  ])('refuses %s with %s', (hardware, config, message) => {
    expect(() => possibleCost(hardware, config)).toThrow(message);
  });

  it('knows about twenty GPUs, each once', () => {
    expect(gpuNames.length).toBeGreaterThanOrEqual(20);
    expect(new Set(gpuNames).size).toBe(gpuNames.length);
  });
});

describe('physicalChecks', () => {
  const possible = of('h100', LLAMA_8B);
  const betas = { beta0: 5e-3, beta1: 3e-5, beta2: 5e-5, beta3: 8e-8 };

  it('says at how much of its peak an engine runs', () => {
    const checks = physicalChecks({ betas }, possible);
    expect(checks.map(({ what }) => what)).toEqual(['decode-step', 'prefill-token', 'context-token']);
    expect(checks[0].share).toAgree(possible.decodeStepSec / 5.05e-3, 1e-12);
    expect(physicsWarnings(checks)).toEqual([]);
    expect(physicsText(possible, checks)).toMatch(/hardware: h100 \(NVIDIA H100.*\), 7\.5 billion weights a token\n/);
    expect(physicsJson(possible, checks)).toMatchObject({ tensor_parallel: 1, hardware: { name: 'h100' } });
  });

  it('warns below what is possible, and not where the interval reaches it', () => {
    const low = { ...betas, beta1: 8e-6 };
    const [warning] = physicsWarnings(physicalChecks({ betas: low }, possible));
    expect(warning).toMatchObject({ code: 'below-possible' });
    expect(warning.message).toMatch(/a prefill token \(beta1\) takes 57 % of the time.*cached/);
    const wide = { byLabel: { beta1: [0, 2e-5] } } as const;
    expect(physicsWarnings(physicalChecks({ betas: low, intervals: wide }, possible))).toEqual([]);
  });

  it('bounds nothing that a model does not have', () => {
    expect(physicalChecks({ betas: { beta0: 1, beta1: 1, beta2: 1 } }, possible)).toHaveLength(2);
    expect(physicalChecks({ betas: { ...betas, beta1: 0 } }, possible)[1].share).toBeNull();
  });
});
