import { count, positive, text, validated } from '@stepclock/model-file';
import * as v from 'valibot';
import { stepModelFault } from '../step-model-fault.js';

/** What a step of a decoder computes and reads, by its shape. Counts of weights are of matrix products only. */
export interface ModelShape {
  /** Weights that one token goes through in the layers, and those of the output head, which only sampled tokens need. */
  readonly activeWeights: number;
  readonly headWeights: number;
  readonly bytesPerWeight: number;
  /** Whether products are in 8 bits of floating point. */
  readonly computesIn8Bits: boolean;
  /** Bytes of the keys and values of one token over all layers, in the model's own type; null where layers do not read all of the context. */
  readonly kvBytesPerToken: number | null;
  /** Keys and values are split among so many GPUs at most. */
  readonly kvSplits: number;
}

const wanted = v.pipe(count, v.minValue(1, 'must be a whole number of at least 1'));
const maybe = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema));

/** What of a Hugging Face `config.json` tells the shape. */
const decoderSchema = v.object({
  hidden_size: wanted,
  num_hidden_layers: wanted,
  num_attention_heads: wanted,
  num_key_value_heads: maybe(wanted),
  head_dim: maybe(wanted),
  intermediate_size: wanted,
  vocab_size: wanted,
  model_type: maybe(text(100)),
  torch_dtype: maybe(text(100)),
  dtype: maybe(text(100)),
  num_local_experts: maybe(count),
  num_experts: maybe(count),
  n_routed_experts: maybe(count),
  num_experts_per_tok: maybe(count),
  n_shared_experts: maybe(count),
  shared_expert_intermediate_size: maybe(count),
  moe_intermediate_size: maybe(count),
  first_k_dense_replace: maybe(count),
  sliding_window: maybe(count),
  use_sliding_window: maybe(v.boolean()),
  layer_types: maybe(v.array(text(100))),
  q_lora_rank: maybe(count),
  kv_lora_rank: maybe(count),
  qk_nope_head_dim: maybe(count),
  qk_rope_head_dim: maybe(count),
  v_head_dim: maybe(count),
});
type Decoder = v.InferOutput<typeof decoderSchema>;

const quantisationSchema = v.object({
  quant_method: maybe(text(100)),
  bits: maybe(positive),
});

/** A model of several parts names its decoder here. */
const wholeSchema = v.object({ text_config: v.optional(v.unknown()), quantization_config: maybe(quantisationSchema) });

/** Decoders whose feed-forward part is two matrices; all later ones have three, with a gate. */
const WITHOUT_GATE: ReadonlySet<string> = new Set([
  'gpt2',
  'gpt_neox',
  'gptj',
  'gpt_bigcode',
  'opt',
  'bloom',
  'falcon',
  'mpt',
  'phi',
  'starcoder2',
]);

const BYTES: Readonly<Record<string, number>> = { float32: 4, float16: 2, bfloat16: 2, float8_e4m3fn: 1 };
const USUAL_BYTES = 2;

/** Bytes a weight and whether products are in 8 bits, by the quantisation; null: as the model's own type. */
const QUANTISED: Readonly<Record<string, { readonly bytes: number; readonly computesIn8Bits: boolean }>> = {
  fp8: { bytes: 1, computesIn8Bits: true },
  fbgemm_fp8: { bytes: 1, computesIn8Bits: true },
  awq: { bytes: 0.5, computesIn8Bits: false },
  gptq: { bytes: 0.5, computesIn8Bits: false },
  mxfp4: { bytes: 0.5, computesIn8Bits: false },
};

/**
 * The shape of a decoder, from the text of its `config.json`.
 *
 * @throws Fault `step-model/bad-model-config`: no JSON, a field that is missing or of a wrong kind, by its path; or a quantisation whose size nobody knows
 */
export const modelShapeOf = (json: string, file?: string): ModelShape => {
  const place = { code: 'step-model/bad-model-config', ...(file !== undefined && { file }) } as const;
  const parsed = parsedJson(json, file);
  const whole = validated(parsed, wholeSchema, place);
  const decoder = validated(whole.text_config ?? parsed, decoderSchema, place);
  const quantised = quantisationOf(whole.quantization_config, file);
  const own = BYTES[decoder.dtype ?? decoder.torch_dtype ?? ''] ?? USUAL_BYTES;
  return {
    activeWeights: activeWeights(decoder),
    headWeights: decoder.hidden_size * decoder.vocab_size,
    bytesPerWeight: quantised?.bytes ?? own,
    computesIn8Bits: quantised?.computesIn8Bits ?? own === 1,
    ...keysAndValues(decoder, Math.max(own, USUAL_BYTES)),
  };
};

const parsedJson = (json: string, file: string | undefined): unknown => {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch {
    const rule = "must be a Hugging Face model's config.json, one JSON object";
    throw stepModelFault('step-model/bad-model-config', { what: 'model config', rule, value: json.slice(0, 40), file });
  }
};

const quantisationOf = (
  config: v.InferOutput<typeof quantisationSchema> | null | undefined,
  file: string | undefined,
): { readonly bytes: number; readonly computesIn8Bits: boolean } | undefined => {
  if (!config) return undefined;
  const { quant_method: method, bits } = config;
  const known = QUANTISED[method ?? ''];
  if (known === undefined && !bits) {
    const rule = `must be one of ${Object.keys(QUANTISED).join(', ')}, or state its bits`;
    throw stepModelFault('step-model/bad-model-config', {
      what: 'quantization_config.quant_method',
      rule,
      value: method,
      file,
    });
  }
  return bits ? { bytes: bits / 8, computesIn8Bits: known?.computesIn8Bits ?? false } : known;
};

const headSizeOf = ({ head_dim, hidden_size, num_attention_heads }: Decoder): number =>
  head_dim ?? hidden_size / num_attention_heads;

const attentionWeights = (d: Decoder): number => {
  const { hidden_size: h, num_attention_heads: heads } = d;
  if (d.kv_lora_rank) {
    // Multi-head latent attention (DeepSeek-V2, 2.1): queries, the latent and its two expansions, the output.
    const [rope, nope, value] = [d.qk_rope_head_dim ?? 0, d.qk_nope_head_dim ?? 0, d.v_head_dim ?? headSizeOf(d)];
    const perHead = heads * (nope + rope);
    const queries = d.q_lora_rank ? d.q_lora_rank * (h + perHead) : h * perHead;
    return queries + h * (d.kv_lora_rank + rope) + d.kv_lora_rank * heads * (nope + value) + heads * value * h;
  }
  const size = headSizeOf(d);
  return 2 * h * heads * size + 2 * h * (d.num_key_value_heads ?? heads) * size;
};

const activeWeights = (d: Decoder): number => {
  const matrices = WITHOUT_GATE.has(d.model_type ?? '') ? 2 : 3;
  const of = (inner: number): number => matrices * d.hidden_size * inner;
  const layers = d.num_hidden_layers;
  const attention = layers * attentionWeights(d);
  const experts = d.num_local_experts || d.num_experts || d.n_routed_experts || 0;
  if (experts === 0) return attention + layers * of(d.intermediate_size);
  const expert = d.moe_intermediate_size || d.intermediate_size;
  const shared = d.shared_expert_intermediate_size || (d.n_shared_experts ?? 0) * expert;
  const dense = Math.min(d.first_k_dense_replace ?? 0, layers);
  const mixed = of(expert) * (d.num_experts_per_tok || 1) + of(shared) + d.hidden_size * experts;
  return attention + dense * of(d.intermediate_size) + (layers - dense) * mixed;
};

const keysAndValues = (d: Decoder, bytes: number): Pick<ModelShape, 'kvBytesPerToken' | 'kvSplits'> => {
  const heads = d.num_key_value_heads ?? d.num_attention_heads;
  const slides = d.use_sliding_window !== false && (d.sliding_window ?? 0) > 0;
  const partly = slides || (d.layer_types ?? []).some((type) => type !== 'full_attention');
  const perLayer = d.kv_lora_rank ? d.kv_lora_rank + (d.qk_rope_head_dim ?? 0) : 2 * heads * headSizeOf(d);
  return {
    kvBytesPerToken: partly ? null : d.num_hidden_layers * perLayer * bytes,
    kvSplits: d.kv_lora_rank ? 1 : heads,
  };
};
