import type { ResolvedEngine } from '../engine-options.js';
import { engineSimFault } from '../engine-sim-fault.js';
import type { EngineStep } from '../step-seconds.js';
import { StepRecorder, type StepTable } from '../step-table.js';
import { TokenStepRecorder } from '../token-steps.js';
import { BlockPool, blocksFor } from './block-pool.js';
import { DecodeBatch } from './decode-batch.js';
import { PrefillBatch } from './prefill-batch.js';
import { RunningList } from './running-list.js';
import { WaitingQueue } from './waiting-queue.js';

/** The requests of one engine, in the order of their arrival. */
export interface EngineLoad {
  readonly arrivalSec: Float64Array;
  readonly promptTokens: Float64Array;
  readonly cachedTokens: Float64Array;
  readonly outputTokens: Float64Array;
}

/** What happened to each request, by its number; engines that share a load share it too. */
export interface ServedColumns {
  /** When the engine took it in: between two steps, at or after its arrival (`arrivalsReadAtSteps`: or shortly before). */
  readonly takenInSec: Float64Array;
  /** When it was scheduled for the first time. */
  readonly scheduledSec: Float64Array;
  readonly firstTokenSec: Float64Array;
  readonly lastTokenSec: Float64Array;
  readonly preemptions: Uint32Array;
  /** Tokens that were computed more than once. */
  readonly recomputedTokens: Float64Array;
}

export const servedColumns = (requests: number): ServedColumns => ({
  takenInSec: new Float64Array(requests),
  scheduledSec: new Float64Array(requests),
  firstTokenSec: new Float64Array(requests),
  lastTokenSec: new Float64Array(requests),
  preemptions: new Uint32Array(requests),
  recomputedTokens: new Float64Array(requests),
});

/** Every step of an engine, and which of them put out the tokens of which request. */
export interface EngineRun {
  readonly steps: StepTable;
  readonly tokens: TokenStepRecorder;
}

/** What a running request does: it is computing its prompt, or decoding, or it has its last token but is not yet let go. */
const PREFILLING = 0;
const DECODING = 1;
const ENDED = 2;

/**
 * One engine. `advance` takes in what has arrived, plans a step, lets it take its time, hands out its tokens.
 * Loops over requests touch only those that prefill, are admitted or end; the decodes are one batch.
 */
export class Engine {
  private readonly decodes: DecodeBatch;
  private readonly prefills: PrefillBatch;
  private readonly running: RunningList;
  private readonly waiting: WaitingQueue;
  private readonly pool: BlockPool;
  private readonly steps = new StepRecorder();
  private readonly tokens: TokenStepRecorder;

  /** The planned step, one object for all of them. */
  private readonly step: { -readonly [field in keyof EngineStep]: number } = {
    prefillTokens: 0,
    prefillRequests: 0,
    prefillContext: 0,
    decodeSeqs: 0,
    contextTokens: 0,
  };
  private budgetLeft = 0;
  /** Prefill first: the step now planned holds prefill, so no decode moves. */
  private decodesWait = false;
  /** Preemptions since the last step began. */
  private preemptedNow = 0;
  /** Requests with their last token that still hold their place and blocks: those of the step in flight. */
  private ended: number[] = [];
  /** Requests with their last token, in the order of their ends, that nobody has asked for yet. */
  private readonly served: number[] = [];
  private planSec = -Infinity;
  private endSec = -Infinity;
  /** End of the last step whose results are known. With asynchronous scheduling one step is in flight beyond it. */
  private knownSec = -Infinity;

  private readonly activity: Uint8Array;
  /** Tokens in the cache of a request that ended or was preempted, and tokens that it had put out when it was. */
  private readonly context: Float64Array;
  private readonly emitted: Float64Array;

  constructor(
    private readonly load: EngineLoad,
    private readonly settings: ResolvedEngine,
    /** Factor of the next step's duration. */
    private readonly noise: () => number,
    private readonly columns: ServedColumns,
  ) {
    const n = load.arrivalSec.length;
    const longestOutput = load.outputTokens.reduce((most, tokens) => Math.max(most, tokens), 1);
    this.decodes = new DecodeBatch(n, longestOutput);
    this.prefills = new PrefillBatch(n, settings.maxNumSeqs, settings.chunkSize);
    this.running = new RunningList(n);
    this.waiting = new WaitingQueue(n, columns.takenInSec);
    this.pool = new BlockPool(settings.kvBlocks, n, settings.prefixCaching);
    this.tokens = new TokenStepRecorder(n);
    this.activity = new Uint8Array(n);
    this.context = new Float64Array(n);
    this.emitted = new Float64Array(n);
  }

  /** A request arrives at this engine, no earlier than those before it. */
  expect(request: number, arrivalSec: number): void {
    this.waiting.expect(request, arrivalSec);
  }

  /** Requests that run, wait, or are still to come. */
  get outstanding(): number {
    return this.running.size - this.ended.length + this.waiting.outstanding;
  }

  /** When it plans its next step; Infinity where nothing is left to do. */
  get nextSec(): number {
    const sec = Math.max(this.planSec, this.knownSec);
    const isIdle = this.working === 0 && this.waiting.isEmpty && sec >= this.endSec;
    return isIdle ? Math.max(sec, this.waiting.nextArrivalSec) : sec;
  }

  /** Until when requests arrive that the next step may hold. */
  get takesInUntilSec(): number {
    const planSec = this.nextSec;
    return this.settings.arrivalsReadAtSteps && planSec < Infinity
      ? (planSec + this.nextPlanSec(planSec, this.endSec)) / 2
      : planSec;
  }

  /** One step, or none where what waits cannot start yet. Calls back with those that got their last token, and when. */
  advance(done: (request: number, endSec: number) => void = () => {}): void {
    const { waiting, settings } = this;
    const untilSec = this.takesInUntilSec;
    const planSec = this.nextSec;
    this.planSec = planSec;
    waiting.takeIn(untilSec, planSec);
    if (!this.plan(planSec)) {
      this.release();
      this.knownSec = this.endSec;
      return;
    }
    const startSec = Math.max(planSec, this.endSec);
    this.knownSec = this.endSec;
    this.endSec = this.work(startSec);
    if (!settings.asyncScheduling) this.knownSec = this.endSec;
    this.finish(this.endSec);
    if (this.served.length === 0) return;
    for (const request of this.served) done(request, this.endSec);
    this.served.length = 0;
  }

  get isDone(): boolean {
    return this.outstanding === 0;
  }

  run(): EngineRun {
    return { steps: this.steps.table(), tokens: this.tokens };
  }

  /** Requests with work for a step. */
  private get working(): number {
    return this.decodes.size + this.prefills.size;
  }

  /** When the step after the one now to be planned will be, as far as that is known without new requests. */
  private nextPlanSec(planSec: number, endSec: number): number {
    if (this.settings.asyncScheduling || this.working === 0) return Math.max(planSec, endSec);
    this.decodesWait = this.settings.prefillFirst && this.prefills.size > 0;
    this.shareBudget();
    return planSec + this.expectedDuration();
  }

  /** Decides on the next step; false when there is nothing to do in it. */
  private plan(nowSec: number): boolean {
    this.decodesWait = this.settings.prefillFirst;
    if (this.planRunning() === 0) this.admit(nowSec);
    if (this.decodesWait && this.prefills.size === 0) {
      this.decodesWait = false;
      this.planRunning();
    }
    return this.working > 0;
  }

  /** Gives every decode its token, unless it waits, and every running prefill its chunk; returns the blocks that this needs. */
  private shareBudget(): number {
    const { decodes, prefills, settings } = this;
    this.budgetLeft = prefills.share(settings.maxNumBatchedTokens - (this.decodesWait ? 0 : decodes.size));
    return prefills.newBlocks + (this.decodesWait ? 0 : decodes.newBlocks());
  }

  /** Plans the running requests, preempting the last admitted while blocks lack; returns how many lost their place. */
  private planRunning(): number {
    for (let preempted = 0; ; preempted++) {
      const newBlocks = this.shareBudget();
      if (newBlocks <= this.pool.free) {
        this.pool.take(newBlocks);
        return preempted;
      }
      this.preemptLast();
    }
  }

  /** The last admitted request gives up its cache and goes to the head of the queue. */
  private preemptLast(): void {
    const request = this.running.last;
    const activity = this.activity[request];
    if (activity === ENDED) {
      // It needs no step any more: its end is only not known yet.
      this.letGo(request);
      this.ended = this.ended.filter((other) => other !== request);
      return;
    }
    let context: number;
    if (activity === DECODING) {
      context = this.decodes.contextOf(request);
      this.emitted[request] = this.load.outputTokens[request] - this.decodes.stepsLeft(request);
      this.decodes.leave(request);
      this.tokens.close(request, this.steps.length - 1);
    } else {
      context = this.prefills.computedOf(request);
      this.prefills.leaveLast();
    }
    this.context[request] = context;
    this.letGo(request);
    this.waiting.prepend(request);
    this.preemptedNow++;
    this.columns.preemptions[request] = this.columns.preemptions[request] + 1;
    this.columns.recomputedTokens[request] = this.columns.recomputedTokens[request] + context;
  }

  private letGo(request: number): void {
    this.running.remove(request);
    this.pool.give(request, this.context[request]);
  }

  private admit(nowSec: number): void {
    const { settings, load, waiting, pool, prefills } = this;
    while (!waiting.isEmpty && this.budgetLeft > 0 && this.running.size < settings.maxNumSeqs) {
      const request = waiting.head;
      const again = waiting.headWasPreempted;
      const remembered = again ? pool.remembered(request, this.context[request]) : 0;
      const have = Math.max(remembered, load.cachedTokens[request]);
      const all = load.promptTokens[request] + this.emitted[request];
      const filled = have + prefills.chunkOf(all - have, this.budgetLeft);
      if (blocksFor(settings.reserveFullPrompt ? all : filled) > pool.free) return;
      waiting.removeHead();
      pool.recall(request, remembered);
      pool.take(blocksFor(filled) - blocksFor(remembered));
      if (again) this.columns.recomputedTokens[request] = this.columns.recomputedTokens[request] - have;
      else this.columns.scheduledSec[request] = nowSec;
      this.activity[request] = PREFILLING;
      this.running.append(request);
      this.budgetLeft -= prefills.join(request, have, all, this.budgetLeft);
    }
  }

  /** Duration of the planned step without noise. */
  private expectedDuration(): number {
    const { step, decodes, prefills } = this;
    step.prefillTokens = prefills.tokens;
    step.prefillRequests = prefills.scheduled;
    step.prefillContext = prefills.positions;
    step.decodeSeqs = this.decodesWait ? 0 : decodes.size;
    step.contextTokens = this.decodesWait ? 0 : decodes.contextTokens;
    return this.settings.stepSeconds(step);
  }

  /** Records the planned step and returns when it ends. */
  private work(startSec: number): number {
    const duration = this.expectedDuration() * this.noise();
    const endSec = startSec + duration;
    const { step } = this;
    if (!(duration > 0 && endSec < Infinity)) {
      const { prefillTokens, decodeSeqs, contextTokens } = step;
      throw engineSimFault('engine-sim/bad-step-time', {
        what: `seconds of a step of ${prefillTokens} prefill tokens and ${decodeSeqs} decodes with ${contextTokens} tokens of context`,
        rule: 'must be a finite number above 0',
        value: duration,
      });
    }
    this.steps.push(startSec, duration, step, step.decodeSeqs + step.prefillRequests, this.preemptedNow);
    this.preemptedNow = 0;
    return endSec;
  }

  /** The end of a step: decodes put out a token each, and so does a prefill that is complete. */
  private finish(endSec: number): void {
    this.release();
    if (!this.decodesWait) this.decodes.advance((request, contextTokens) => this.end(request, contextTokens, endSec));
    this.prefills.advance((request, contextTokens) => {
      this.tokens.open(request, this.steps.length - 1);
      const emitted = this.emitted[request] + 1;
      if (emitted === 1) this.columns.firstTokenSec[request] = endSec;
      const stepsLeft = this.load.outputTokens[request] - emitted;
      if (stepsLeft === 0) this.end(request, contextTokens, endSec);
      else {
        this.activity[request] = DECODING;
        this.decodes.join(request, contextTokens, stepsLeft);
      }
    });
    if (!this.settings.asyncScheduling) this.release();
  }

  private end(request: number, contextTokens: number, endSec: number): void {
    this.context[request] = contextTokens;
    this.activity[request] = ENDED;
    this.columns.lastTokenSec[request] = endSec;
    this.tokens.close(request, this.steps.length - 1);
    this.ended.push(request);
    this.served.push(request);
  }

  /** The requests that ended get known to the scheduler, which lets them go. */
  private release(): void {
    // To set the length of an array takes as long as much of a step does, even where it is 0 already.
    if (this.ended.length === 0) return;
    for (const request of this.ended) this.letGo(request);
    this.ended.length = 0;
  }
}
