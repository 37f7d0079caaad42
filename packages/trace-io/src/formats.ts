import { aiperf } from './formats/aiperf.js';
import { azureWorkload } from './formats/azure.js';
import { blisMetrics } from './formats/blis-metrics.js';
import { blisTrace } from './formats/blis-trace.js';
import { burstGptWorkload } from './formats/burstgpt.js';
import { guidellm } from './formats/guidellm.js';
import { inferencePerf } from './formats/inference-perf.js';
import { mapped } from './formats/mapped.js';
import { mooncakeWorkload } from './formats/mooncake.js';
import { otlp } from './formats/otlp.js';
import { phaseCsv } from './formats/phase-csv.js';
import { requestLog } from './formats/request-log.js';
import { sglang } from './formats/sglang.js';
import { stepCsv } from './formats/step-csv.js';
import { stepLog } from './formats/step-log.js';
import { vllmBench } from './formats/vllm-bench.js';

import type { TraceFormat } from './trace-format.js';

/** Every format that is read, in the order in which recognition asks them: the more particular ones first. */
export const FORMATS: readonly TraceFormat[] = [
  requestLog,
  otlp,
  aiperf,
  sglang,
  vllmBench,
  guidellm,
  inferencePerf,
  blisMetrics,
  blisTrace,
  azureWorkload,
  burstGptWorkload,
  mooncakeWorkload,
  stepLog,
  stepCsv,
  phaseCsv,
  mapped,
];
