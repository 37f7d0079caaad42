import { aiperf } from './clients/aiperf.js';
import { evalscope } from './clients/evalscope.js';
import { genaiPerf } from './clients/genai-perf.js';
import { guidellm } from './clients/guidellm.js';
import { inferencePerf } from './clients/inference-perf.js';
import { sglangBench, vllmBench } from './clients/vllm-bench.js';
import { vllmVcr } from './clients/vllm-vcr.js';
import { litellm } from './engines/litellm.js';
import { otlp } from './engines/otlp.js';
import { requestLog } from './engines/request-log.js';
import { sglang } from './engines/sglang.js';
import { sglangTimeStats } from './engines/sglang-time-stats.js';
import { GATEWAY_TABLES } from './known/gateway-tables.js';
import { REQUEST_TABLES } from './known/request-tables.js';
import { mapped } from './mapped/mapped.js';
import { phaseCsv } from './phase-csv.js';
import { blisMetrics } from './simulators/blis-metrics.js';
import { blisTrace } from './simulators/blis-trace.js';
import { llmServingSim } from './simulators/llmservingsim.js';
import { vidurMetrics } from './simulators/vidur.js';
import { fpm } from './steps/fpm.js';
import { llamaCppLog } from './steps/llama-cpp-log.js';
import { mappedSteps } from './steps/mapped-steps.js';
import { sglangBatches } from './steps/sglang-batches.js';
import { stepCsv } from './steps/step-csv.js';
import { stepLog } from './steps/step-log.js';
import { stepWindows } from './steps/step-windows.js';
import { trtllmLog } from './steps/trtllm-log.js';
import { trtllmStats } from './steps/trtllm-stats.js';
import type { TraceFormat } from './trace-format.js';
import { azureWorkload } from './workloads/azure.js';
import { burstGptWorkload } from './workloads/burstgpt.js';
import { bailianWorkload, mooncakeWorkload } from './workloads/hashed-prompts.js';
import { WORKLOAD_TABLES } from './workloads/workload-tables.js';

/** Every format that is read, in the order in which recognition asks them: the more particular ones first. */
export const FORMATS: readonly TraceFormat[] = [
  fpm,
  trtllmStats,
  stepWindows,
  requestLog,
  otlp,
  aiperf,
  sglang,
  litellm,
  ...GATEWAY_TABLES,
  evalscope,
  sglangBench,
  vllmBench,
  vllmVcr,
  genaiPerf,
  guidellm,
  inferencePerf,
  blisMetrics,
  blisTrace,
  llmServingSim,
  vidurMetrics,
  ...REQUEST_TABLES,
  ...WORKLOAD_TABLES,
  bailianWorkload,
  azureWorkload,
  burstGptWorkload,
  mooncakeWorkload,
  stepLog,
  trtllmLog,
  sglangBatches,
  sglangTimeStats,
  llamaCppLog,
  stepCsv,
  phaseCsv,
  mapped,
  mappedSteps,
];
