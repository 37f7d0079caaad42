import { type ClockFrame, clockFrame } from '../trace/clock-frame.js';
import { type Clusters, clusters } from '../trace/clusters.js';
import type { TraceColumns } from '../trace/trace-columns.js';
import { type CountTies, countTies } from './count-ties.js';
import { type IdleStarts, idleStarts } from './idle-starts.js';
import { type OffsetGraph, offsetGraph } from './offset-graph.js';

/** How the engine makes up its steps. */
export interface Scheduling {
  /** Tokens a step, by which its prompts follow each other; Infinity where unknown. */
  readonly budget: number;
  /** Whether a step prefills or decodes, never both, and decodes wait while a prompt is there. */
  readonly prefillFirst: boolean;
}

export const ANY_SCHEDULING: Scheduling = { budget: Number.POSITIVE_INFINITY, prefillFirst: false };

/** Everything about a trace that stays the same while its clock is fitted. */
export interface ClockProblem extends Scheduling {
  readonly columns: TraceColumns;
  readonly frame: ClockFrame;
  readonly ties: CountTies;
  readonly graph: OffsetGraph;
  readonly groups: Clusters;
  readonly starts: IdleStarts;
  /** Share of the steps between its ends that each decode took part in; absent where that is all of them. */
  readonly pressing?: Float64Array;
  /** Whether every node is where a step ended. Not where counts gave way: tokens came late and in bursts, or their requests sat out. */
  readonly punctual: boolean;
  /** Mean over all counted decodes (over all, where none is counted), s/step: the first guess of a step's time. */
  readonly meanStepSec: number;
}

/** @param given 1 for the decodes whose counts tie the clock, where some gave way; default: all that no window's edge cut */
export const clockProblem = (
  columns: TraceColumns,
  { budget, prefillFirst }: Scheduling = ANY_SCHEDULING,
  given?: Uint8Array,
): ClockProblem => {
  const punctual = given === undefined;
  const counted = given ?? columns.decodes.cut.map((cut) => 1 - cut);
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
    ...(punctual ? [sameStep(frame, decodes)] : []),
  ]);
  return {
    columns,
    budget,
    prefillFirst,
    frame,
    ties,
    graph: offsetGraph(frame, ties),
    groups: clusters(frame, columns),
    starts,
    punctual,
    meanStepSec: meanStepSec(decodes, counted) ?? meanStepSec(decodes, new Uint8Array(decodes.length).fill(1)) ?? 1,
  };
};

/** Below this part of the shortest step two nodes are chunks of one step that a client saw one after the other. */
const ONE_STEP_PART = 0.25;
const LEAST_COUNT = 8;

const sameStep = ({ segmentSec, busy }: ClockFrame, decodes: TraceColumns['decodes']) => {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < decodes.length; i++)
    if (decodes.cut[i] === 0 && decodes.steps[i] >= LEAST_COUNT)
      shortest = Math.min(shortest, (decodes.endSec[i] - decodes.startSec[i]) / decodes.steps[i]);
  const from = Int32Array.from(segmentSec.keys());
  return {
    from,
    to: from.map((j) => j + 1),
    steps: new Float64Array(from.length),
    counted: Uint8Array.from(segmentSec, (sec, j) =>
      shortest < Number.POSITIVE_INFINITY && busy[j] === 1 && sec < ONE_STEP_PART * shortest ? 1 : 0,
    ),
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
