import { stepModelFault } from '../step-model-fault.js';
import {
  type ConversionNote,
  type Exported,
  type ExportInput,
  type ModelExports,
  needed,
  titleLines,
} from './export-format.js';

const METRICS = ['vllm:num_requests_running', 'vllm:num_requests_waiting'] as const;

/** Requests that one replica shall hold at most, whole, and how that came about. */
const thresholdOf = ({
  names: { load },
}: ExportInput): { readonly threshold: number; readonly note: ConversionNote } => {
  const { requestsInEngine } = needed(load, 'load', 'the JSON of stepclock capacity');
  const requests = needed(
    requestsInEngine ?? undefined,
    'load',
    'the JSON of stepclock capacity: a replay has no rate',
  );
  const threshold = Math.floor(requests);
  if (threshold < 1) {
    const rule =
      'must be at least 1: an engine that holds less than one request at its highest rate cannot be scaled by them';
    throw stepModelFault('step-model/bad-load-figures', { what: 'requests in the engine', rule, value: requests });
  }
  const message = `mean requests running and waiting in one engine at the highest rate that keeps the limits (rate x latency = ${Number(requests.toPrecision(4))}), rounded down. It is the mean: bursts beyond it last as long as a new replica needs to start.`;
  return { threshold, note: { field: 'threshold', conversion: 'approximate', message } };
};

const labelsOf = ({ names: { modelId, namespace } }: ExportInput): string =>
  [
    ...(namespace === undefined ? [] : [`namespace=${JSON.stringify(namespace)}`]),
    ...(modelId === undefined ? [] : [`model_name=${JSON.stringify(modelId)}`]),
  ].join(',');

/** A KEDA ScaledObject on vLLM's own metrics: replicas = requests in all engines / threshold. */
const keda = (input: ExportInput): Exported => {
  const { threshold, note } = thresholdOf(input);
  const { namespace = 'default' } = input.names;
  const labels = labelsOf(input);
  const query = METRICS.map((metric) => `sum(${metric}{${labels}})`).join(' + ');
  const text = [
    ...titleLines('KEDA, a ScaledObject (keda.sh/v1alpha1) on the metrics of vLLM', [note]),
    '# to be filled in: the Deployment, the address of Prometheus, the bounds of the replicas',
    'apiVersion: keda.sh/v1alpha1',
    'kind: ScaledObject',
    'metadata:',
    '  name: vllm',
    `  namespace: ${JSON.stringify(namespace)}`,
    'spec:',
    '  scaleTargetRef:',
    '    name: vllm',
    '  minReplicaCount: 1',
    '  maxReplicaCount: 10',
    '  triggers:',
    '  - type: prometheus',
    '    metricType: AverageValue',
    '    metadata:',
    '      serverAddress: http://prometheus:9090',
    `      query: ${JSON.stringify(query)}`,
    `      threshold: "${threshold}"`,
    '',
  ].join('\n');
  return { text, notes: [note] };
};

/** A HorizontalPodAutoscaler on the metric of each pod, as an adapter of Prometheus serves it. */
const hpa = (input: ExportInput): Exported => {
  const { threshold, note } = thresholdOf(input);
  const { namespace = 'default' } = input.names;
  const waits: ConversionNote = {
    field: 'metrics',
    conversion: 'approximate',
    message:
      'running requests only: those that wait are not counted, so a full engine (max-num-seqs) must lie above the threshold.',
  };
  const notes = [note, waits];
  const text = [
    ...titleLines('Kubernetes, a HorizontalPodAutoscaler (autoscaling/v2) on a metric of vLLM', notes),
    '# to be filled in: the Deployment, the name under which the adapter serves vllm:num_requests_running, the bounds of the replicas',
    'apiVersion: autoscaling/v2',
    'kind: HorizontalPodAutoscaler',
    'metadata:',
    '  name: vllm',
    `  namespace: ${JSON.stringify(namespace)}`,
    'spec:',
    '  scaleTargetRef:',
    '    apiVersion: apps/v1',
    '    kind: Deployment',
    '    name: vllm',
    '  minReplicas: 1',
    '  maxReplicas: 10',
    '  metrics:',
    '  - type: Pods',
    '    pods:',
    '      metric:',
    '        name: vllm_num_requests_running',
    '      target:',
    '        type: AverageValue',
    `        averageValue: "${threshold}"`,
    '',
  ].join('\n');
  return { text, notes };
};

export const runningRequestsExports = {
  keda: {
    description:
      'KEDA, a ScaledObject (keda.sh/v1alpha1) for vLLM; requests an engine at the highest rate of a capacity, a mean',
    write: keda,
  },
  hpa: {
    description: 'Kubernetes, a HorizontalPodAutoscaler (autoscaling/v2) for vLLM; the same number, a mean',
    write: hpa,
  },
} satisfies ModelExports;
