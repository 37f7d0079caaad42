import { type LoadShape, type ReplicaPlan, replicasFor, replicasOverTime } from '@stepclock/step-model';
import { readTraceFile } from '../../files/trace-input.js';
import type { TraceArgs } from '../../options/trace-options.js';
import { inputFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { grouped, significant } from '../../text/quantity.js';

const BIN_SEC = 60;

interface PlanArgs extends TraceArgs {
  readonly rate?: number | undefined;
  readonly trace?: string | undefined;
  readonly bin?: number | undefined;
  readonly gpus?: number | undefined;
  readonly price?: number | undefined;
}

/** Replicas, and what they cost: an hour, and a million output tokens. */
interface Plan {
  readonly ratePerSec?: number;
  readonly peak: number;
  readonly mean: number;
  readonly overTime?: ReplicaPlan;
  readonly gpuHours?: number;
  readonly pricePerHour?: number;
  readonly pricePerMillionOutputTokens?: number;
}

/** Replicas for `--rate` or over the time of `--trace`; undefined where neither is asked for. */
export const planOf = async (
  { rate, trace: path, bin = BIN_SEC, gpus = 1, price, ...traceArgs }: PlanArgs,
  perReplica: number,
  { outputTokens }: LoadShape,
  session: Session,
): Promise<Plan | undefined> => {
  const meanOutput = outputTokens.reduce((sum, tokens) => sum + tokens, 0) / outputTokens.length;
  const priced = (replicas: number, ratePerSec: number) => {
    if (price === undefined) return {};
    const pricePerHour = price * gpus * replicas;
    return { pricePerHour, pricePerMillionOutputTokens: (1e6 * pricePerHour) / (3600 * ratePerSec * meanOutput) };
  };
  if (path !== undefined) {
    const { trace, name } = await readTraceFile(path, traceArgs, session);
    const arrivalSec = trace.requests?.arrivalSec;
    if (arrivalSec === undefined) throw inputFault(name, 'must tell when its requests arrived');
    const overTime = replicasOverTime(arrivalSec, perReplica, bin);
    const { peak, mean, replicaHours } = overTime;
    const hours = (overTime.startSec.length * bin) / 3600;
    return { peak, mean, overTime, gpuHours: gpus * replicaHours, ...priced(mean, arrivalSec.length / (3600 * hours)) };
  }
  if (rate === undefined) return undefined;
  const replicas = replicasFor(rate, perReplica);
  return { ratePerSec: rate, peak: replicas, mean: replicas, ...priced(replicas, rate) };
};

/** The plan in sentences. */
export const planText = (plan: Plan): string => {
  const { ratePerSec, peak, mean, gpuHours, pricePerHour, pricePerMillionOutputTokens } = plan;
  const money =
    pricePerHour === undefined || pricePerMillionOutputTokens === undefined
      ? ''
      : ` They cost ${significant(pricePerHour, 4)} an hour, ${significant(pricePerMillionOutputTokens, 3)} a million output tokens.`;
  if (ratePerSec !== undefined) {
    return `${significant(ratePerSec, 4)} requests/s need ${grouped(peak)} replica${peak === 1 ? '' : 's'}, if a router spreads them evenly.${money}`;
  }
  return `Over the trace: ${grouped(peak)} replicas at the peak, ${significant(mean, 3)} in the mean, ${significant(gpuHours ?? 0, 4)} GPU hours.${money}`;
};
