import { max, median } from 'd3-array';
import type { PowerRun } from '../table/power-samples.js';
import type { Finding } from './finding.js';

/** A sample below this share of the run's highest is idle, where utilisation was not sampled. */
const IDLE_SHARE = 0.3;
/** Runs whose power never rises this much above the lowest of all runs never saw the device at work. */
const NEVER_BUSY = 1.5;

/** One run's power, honestly averaged. */
export interface RunPower {
  readonly model: string;
  readonly run: string;
  readonly samples: number;
  /** Samples at the start, before the device was at work. */
  readonly idleLeadIn: number;
  /** Mean over all samples, as a naive average has it, W. */
  readonly meanW: number;
  /** Mean over the samples at work, W; undefined when no sample caught the device at work. */
  readonly busyMeanW: number | undefined;
}

/** @returns each run's power with and without the idle samples before it, and the findings */
export const inspectPowerRuns = (
  runs: readonly PowerRun[],
): { readonly runs: readonly RunPower[]; readonly findings: readonly Finding[] } => {
  const lowest = Math.min(...runs.flatMap(({ powerW }) => [...powerW]));
  const inspected = runs.map((run) => inspect(run, lowest));
  const led = inspected.filter(({ idleLeadIn, busyMeanW }) => idleLeadIn > 0 && busyMeanW !== undefined);
  const unseen = inspected.filter(({ busyMeanW }) => busyMeanW === undefined);
  const findings: Finding[] = [];
  const samplesOf = (list: readonly RunPower[]) => list.reduce((sum, { idleLeadIn }) => sum + idleLeadIn, 0);
  if (led.length > 0 || unseen.length > 0) {
    const counts = [...new Set(inspected.map(({ idleLeadIn }) => idleLeadIn))].sort((a, b) => a - b);
    const worst = max(led, ({ busyMeanW, meanW }) => (busyMeanW ?? 0) / meanW);
    findings.push({
      code: 'idle-lead-in',
      metric: 'power',
      count: samplesOf(inspected),
      rows: new Int32Array(0),
      message:
        `${samplesOf(inspected)} samples were taken before the device was at work: the first ${counts.join(' or ')} of every run are idle.` +
        (worst === undefined
          ? ''
          : ` Averaged over, they make the power of ${led.length} run(s) up to ${worst.toFixed(1)} times too low`),
      droppable: true,
    });
  }
  if (unseen.length > 0) {
    findings.push({
      code: 'short-power-window',
      metric: 'power',
      count: unseen.length,
      rows: new Int32Array(0),
      message:
        `${unseen.length} of ${runs.length} runs ended before a sample caught the device at work: all that was read is the idle power` +
        `${timesTooLow(led, unseen)}, and their energy is unknown`,
      droppable: true,
    });
  }
  return { runs: inspected, findings };
};

/** How far idle readings lie below what the device takes at work, as the other runs show it. */
const timesTooLow = (led: readonly RunPower[], unseen: readonly RunPower[]): string => {
  const busy = median(led, ({ busyMeanW }) => busyMeanW);
  const idle = median(unseen, ({ meanW }) => meanW);
  return busy === undefined || idle === undefined ? '' : ` (about ${(busy / idle).toFixed(0)} times too low)`;
};

const inspect = ({ model, name, powerW, usagePercent }: PowerRun, lowestW: number): RunPower => {
  const highest = Math.max(...powerW);
  // 5.9 W beside 5.5 W is idle too: without utilisation a run that never rises has nothing to be compared with but the other runs.
  const busy = powerW.map((power, i) =>
    (usagePercent ? usagePercent[i] > 0 : highest > NEVER_BUSY * lowestW && power > IDLE_SHARE * highest) ? 1 : 0,
  );
  const first = busy.indexOf(1);
  const at = powerW.filter((_, i) => busy[i] === 1);
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    model,
    run: name,
    samples: powerW.length,
    idleLeadIn: first < 0 ? powerW.length : first,
    meanW: mean(powerW),
    busyMeanW: at.length === 0 ? undefined : mean(at),
  };
};
