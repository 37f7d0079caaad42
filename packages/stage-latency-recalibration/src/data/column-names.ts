/** The plan's knobs, and what files call them. */
export const KNOWN_KNOBS: Readonly<Record<string, readonly string[]>> = {
  vision_tokens: ['vision_tokens', 'actual_vision_tokens', 'num_vision_tokens'],
  prompt_tokens: ['prompt_tokens', 'actual_text_tokens', 'text_tokens'],
  top_k: ['top_k', 'topk'],
  active_blocks: ['active_blocks', 'num_active_blocks'],
  task: ['task', 'task_type'],
};

/** The plan's stages, in their order, and what files call them; all in milliseconds. */
export const KNOWN_STAGES: Readonly<Record<string, readonly string[]>> = {
  T_vision_encoder: ['T_vision_encoder', 'T_vision_encoder_ms'],
  T_projector: ['T_projector', 'T_projector_ms', 'T_proj', 'T_proj_ms'],
  T_LLM_prefill: ['T_LLM_prefill', 'T_LLM_prefill_ms', 'prefill_ms'],
  T_LLM_decode_per_token: [
    'T_LLM_decode_per_token',
    'T_LLM_decode_per_token_ms',
    'T_decode_per_token',
    'T_decode_per_token_ms',
    'decode_per_token_ms',
  ],
};

/** Encoder and projector in one; taken for the encoder where a file does not tell them apart. */
export const VISION_TOTAL: readonly string[] = ['T_vision_total', 'T_vision_total_ms'];

/** What files call a configuration. */
export const IDS: readonly string[] = ['id', 'config_id', 'configuration', 'sample_id', 'name'];
export const OUTPUT_TOKENS: readonly string[] = ['output_tokens', 'num_output_tokens', 'actual_output_tokens'];
export const TOTALS: readonly string[] = ['T_total', 'T_total_ms', 'total_ms'];
export const DECODE_SUMS: readonly string[] = ['T_LLM_decode', 'T_LLM_decode_ms'];
