import { type ClockFrame, clockFrame } from '../trace/clock-frame.js';
import { type Clusters, clusters } from '../trace/clusters.js';
import type { TraceColumns } from '../trace/trace-columns.js';
import { type CountTies, countTies } from './count-ties.js';
import { type IdleStarts, idleStarts } from './idle-starts.js';
import { type OffsetGraph, offsetGraph } from './offset-graph.js';

/** Everything about a trace that stays the same while its clock is fitted. */
export interface ClockProblem {
  readonly columns: TraceColumns;
  readonly frame: ClockFrame;
  readonly ties: CountTies;
  readonly graph: OffsetGraph;
  readonly groups: Clusters;
  readonly starts: IdleStarts;
  /** Share of the steps between its ends that each decode took part in; absent where that is all of them. */
  readonly pressing?: Float64Array;
  /** Mean over all counted decodes (over all, where none is counted), s/step: the first guess of a step's time. */
  readonly meanStepSec: number;
}

/**
 * @param budget tokens a step of the engine; Infinity where unknown
 * @param counted 1 for the decodes whose counts tie the clock; default: all that no window's edge cut
 */
export const clockProblem = (
  columns: TraceColumns,
  budget: number = Number.POSITIVE_INFINITY,
  counted: Uint8Array = columns.decodes.cut.map((cut) => 1 - cut),
): ClockProblem => {
  const frame = clockFrame(columns);
  const { decodes, prefills } = columns;
  const starts = idleStarts(frame, prefills, budget);
  const prefillSteps = prefills.steps.map((given, i) => (given > 0 ? given : starts.pinned[i]));
  const ties = countTies(frame.nodeSec.length, [
    { from: frame.decodeStart, to: frame.decodeEnd, steps: decodes.steps, counted },
    {
      from: frame.prefillSegment,
      to: frame.prefillEnd,
      steps: prefillSteps,
      counted: prefills.cut.map((cut, i) => (cut === 0 && prefillSteps[i] > 0 ? 1 : 0)),
    },
  ]);
  return {
    columns,
    frame,
    ties,
    graph: offsetGraph(frame, ties),
    groups: clusters(frame, columns),
    starts,
    meanStepSec: meanStepSec(decodes, counted) ?? meanStepSec(decodes, new Uint8Array(decodes.length).fill(1)) ?? 1,
  };
};

const meanStepSec = (decodes: TraceColumns['decodes'], counted: Uint8Array): number | undefined => {
  let steps = 0;
  let seconds = 0;
  for (let i = 0; i < decodes.length; i++) {
    if (counted[i] === 0) continue;
    steps += decodes.steps[i];
    seconds += decodes.endSec[i] - decodes.startSec[i];
  }
  return steps > 0 ? seconds / steps : undefined;
};
