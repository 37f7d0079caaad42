/** Errors of replayed means that miss what is asked, per cent, as they were when they were last looked at. */
export const REPLAY_MISSES: Readonly<Record<string, number>> = {
  'llama-2-70b-hf-tp4-codegen 640:1180 20:620 tpot': 5.11,
  'llama-2-70b-hf-tp4-codegen 640:1180 20:620 latency': 5.15,
  'mixtral-8x7b-v0-1-tp2-general 20:620 640:1180 ttft': 16.9,
  'mixtral-8x7b-v0-1-tp2-general 640:1180 20:620 tpot': 5.05,
  'rtxpro6000_llama-3.1-8b second half ttft': 4.77,
  'vllm-cpu/ramp bench ttft': 11.6,
  'llama-cpp/light requests ttft': 11.0,
  'llama-cpp/light requests tpot': 18.2,
  'llama-cpp/light requests latency': 12.2,
};
