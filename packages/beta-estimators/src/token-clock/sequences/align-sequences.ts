import { quantileOf } from '@stepclock/numerics';
import type { Alignment } from './alignment.js';
import { firstTokensStandAlone, ownStep } from './own-steps.js';
import { type Place, placeSequence } from './place-sequence.js';
import { NONE, StepNodes } from './step-nodes.js';
import type { TokenSequences } from './token-sequences.js';
import { addUnseenSteps } from './unseen-steps.js';
import { stepNearest, walkSequence } from './walk-sequence.js';

interface Reading {
  readonly prefillFirst: boolean;
  /** How near sequences lie to the steps of their engine in the median, as a part of a step. */
  readonly usual?: number;
  /** How near a sequence must lie to an engine's steps to be of it, as a part of a step; absent: there is one engine. */
  readonly inLine?: number;
}

/** A sequence lines up with steps that its chunks lie nearer to than this part of a step, in the mean: chance alone gives a quarter. */
const IN_LINE = 0.19;
/** Where most sequences lie nearer, nearer is asked: so many times their median distance, and this part at least. */
const TIMES_MEDIAN = 4;
const LEAST_IN_LINE = 0.01;
const ROUNDS = 3;
/** Fewer common steps tell nothing of the engine, unless by chance they would lie that near less often than this. */
const FEW = 3;
const BY_CHANCE = 0.01;
/** Several engines are looked for where this part of the sequences does not line up, and believed where few of these are left. */
const OUT_OF_LINE_SHARE = 0.05;
const LEFT_SHARE = 0.35;
/** An engine that nobody shares is none: so many of the sequences that had company must keep it. */
const COMPANY = 0.7;

/** Nor are engines told by the few who sit out soon after they begin: so many sequences at least are not of the largest. */
const OTHERS = 0.1;

/** Where so many lie out of line engines may be many and rarely shared: company then counts that is so many times what chance gives. */
const MANY_OUT_OF_LINE = 0.2;
const TIMES_CHANCE = 2;
/** Where the nearest lie so many times nearer than the median, most line up by chance, and the nearest tell what is usual. */
const NEAREST = 0.2;
const MIXED = 0.2;

/** Lays all requests, in the order of their first token, over one common sequence of steps, or over one an engine. */
export function alignSequences(sequences: TokenSequences): Alignment {
  let reading: Reading = { prefillFirst: false };
  let alignment = aligned(sequences, reading);
  if (sequences.chunks.kind === 'step' && !sequences.mergedChunks) [alignment, reading] = byEngine(alignment, reading);
  if (sequences.chunks.kind === 'step' && firstTokensStandAlone(alignment)) {
    alignment = aligned(sequences, { ...reading, prefillFirst: true });
  }
  if (sequences.mergedChunks && !sequences.speculative) addUnseenSteps(alignment);
  return alignment;
}

/** The sequences apart by engine, where that brings into line what does not line up with one. */
function byEngine(one: Alignment, reading: Reading): readonly [Alignment, Reading] {
  const { sequences } = one;
  const outside = outOfLineShare(one);
  let best: readonly [Alignment, Reading] = [one, reading];
  if (!(outside > OUT_OF_LINE_SHARE)) return best;
  let inLine = IN_LINE;
  let usual = IN_LINE;
  for (let round = 0; round < ROUNDS; round++) {
    const apart = aligned(sequences, { ...reading, inLine, usual });
    const company = overlapping(apart) / overlapping(one);
    const beyondChance = company > TIMES_CHANCE * 2 * inLine * apart.heads.length;
    const isMany = outside > MANY_OUT_OF_LINE;
    const isShared = company > COMPANY || (isMany && beyondChance);
    const believed = outOfLineShare(apart) < LEFT_SHARE * outside && isShared && othersShare(apart) > OTHERS;
    if (believed) best = [apart, { ...reading, inLine, usual }];
    else if (!isMany) break;
    const nearest = usualDistance(apart, NEAREST);
    usual = usualDistance(apart, 0.5);
    if (nearest < MIXED * usual) usual = nearest;
    const nearer = Math.min(inLine, Math.max(LEAST_IN_LINE, TIMES_MEDIAN * usual));
    if (!believed && nearer === inLine) break;
    inLine = nearer;
  }
  return best;
}

/** How near this part of the sequences lies to the steps of their engine, as a part of a step. */
function usualDistance({ distanceSec, sequences }: Alignment, part: number): number {
  const distances = distanceSec.filter((distance) => !Number.isNaN(distance));
  return distances.length === 0 ? 0 : quantileOf(distances, part) / sequences.typicalStepSec;
}

/** Sequences that overlap with others of their engine. */
function overlapping({ distanceSec }: Alignment): number {
  return distanceSec.reduce((count, distance) => count + (Number.isNaN(distance) ? 0 : 1), 0);
}

/** Sequences of other engines than the one with the most. */
function othersShare({ sequencesOf }: Alignment): number {
  const all = sequencesOf.reduce((sum, count) => sum + count, 0);
  return all === 0 ? 0 : 1 - Math.max(...sequencesOf) / all;
}

/** Sequences that lie out of line, of those that overlap with others. */
function outOfLineShare({ distanceSec, sequences }: Alignment): number {
  let asked = 0;
  let outside = 0;
  for (const distance of distanceSec) {
    if (Number.isNaN(distance)) continue;
    asked++;
    if (distance > IN_LINE * sequences.typicalStepSec) outside++;
  }
  return asked === 0 ? 0 : outside / asked;
}

function aligned(sequences: TokenSequences, { prefillFirst, usual = IN_LINE, inLine }: Reading): Alignment {
  const nodes = new StepNodes();
  const { chunkSec } = sequences.table;
  const nodeOfChunk = new Int32Array(chunkSec.length).fill(NONE);
  const distanceSec = new Float64Array(sequences.table.requestCount).fill(Number.NaN);
  const engines: EngineSteps[] = [];
  for (const request of sequences.order) {
    const firstSec = chunkSec[sequences.firstChunk[request]];
    let engine: EngineSteps | undefined;
    let place: Place | undefined;
    const { instance } = sequences.table;
    // What the file tells of engines counts before what lines up.
    const own = instance === undefined ? engines : engines.filter((other) => other.instance === instance[request]);
    for (const candidate of own) {
      candidate.advance(firstSec);
      const there = placeSequence(nodes, sequences, request, candidate.cursor);
      if (isBetter(there, place)) {
        engine = candidate;
        place = there;
      }
    }
    if (inLine !== undefined && place !== undefined) {
      // Too few common steps line up by chance: an engine that is idle now is likelier. Out of line: an idle one, or one not seen before.
      const near = !(place.distanceSec > inLine * sequences.typicalStepSec);
      const idle = own.find(({ tail }) => nodes.timeSec[tail] < firstSec - sequences.typicalStepSec);
      // Steps of much the same length: one common step tells as much as two.
      const chance = 2 * own.length * Math.max(place.distanceSec / sequences.typicalStepSec, usual);
      if (!near || (place.overlap < FEW && chance > BY_CHANCE && idle !== undefined)) {
        engine = idle;
        place = undefined;
      }
    }
    let node: number;
    if (engine === undefined) {
      node = nodes.insertAfter(NONE, firstSec);
      engine = new EngineSteps(nodes, node, instance?.[request]);
      engines.push(engine);
    } else {
      distanceSec[request] = place?.distanceSec ?? Number.NaN;
      node = place?.node ?? NONE;
      if (sequences.mergedChunks) node = stepNearest(nodes, engine.cursor, firstSec, sequences.typicalStepSec);
      else if (node === NONE) node = nodes.insertAfter(engine.tail, firstSec);
      else if (prefillFirst) node = ownStep(nodes, sequences, request, node);
    }
    engine.sequences++;
    engine.extendTo(walkSequence(nodes, sequences, request, node, nodeOfChunk));
  }
  return {
    sequences,
    nodes,
    nodeOfChunk,
    heads: engines.map(({ head }) => head),
    sequencesOf: engines.map((engine) => engine.sequences),
    distanceSec,
    prefillFirst,
  };
}

/** Whether a place is nearer than another; one without overlap is worse than any in line. */
function isBetter(place: Place, than: Place | undefined): boolean {
  if (than === undefined) return true;
  if (Number.isNaN(place.distanceSec)) return false;
  return Number.isNaN(than.distanceSec) || place.distanceSec < than.distanceSec;
}

/** The list of one engine's steps. */
class EngineSteps {
  cursor: number;
  tail: number;
  /** How many were laid over them. */
  sequences = 0;

  constructor(
    private readonly nodes: StepNodes,
    readonly head: number,
    readonly instance: number | undefined,
  ) {
    this.cursor = head;
    this.tail = head;
  }

  /** Moves the cursor to the last step not after this moment. */
  advance(sec: number): void {
    const { next, timeSec } = this.nodes;
    while (next[this.cursor] !== NONE && timeSec[next[this.cursor]] <= sec) this.cursor = next[this.cursor];
  }

  /** A sequence was laid that ends at this node. */
  extendTo(node: number): void {
    if (this.nodes.next[node] === NONE) this.tail = node;
    while (this.nodes.next[this.tail] !== NONE) this.tail = this.nodes.next[this.tail];
  }
}
