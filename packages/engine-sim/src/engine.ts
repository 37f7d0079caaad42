import { BlockPool, blocksFor } from './block-pool.js';
import { DecodeBatch } from './decode-batch.js';
import type { ResolvedEngine } from './engine-options.js';
import { RunningList } from './running-list.js';
import { StepRecorder, type StepTable } from './step-table.js';
import { WaitingQueue } from './waiting-queue.js';

/** The requests of one engine, in the order of their arrival. */
export interface EngineLoad {
  readonly arrivalSec: Float64Array;
  readonly promptTokens: Float64Array;
  readonly cachedTokens: Float64Array;
  readonly outputTokens: Float64Array;
}

/** What happened to each request, and every step. */
export interface EngineRun {
  /** When it was scheduled for the first time. */
  readonly scheduledSec: Float64Array;
  readonly firstTokenSec: Float64Array;
  readonly lastTokenSec: Float64Array;
  readonly preemptions: Uint32Array;
  /** Tokens that were computed more than once. */
  readonly recomputedTokens: Float64Array;
  readonly steps: StepTable;
}

/** What a running request does: it is computing its prompt, or decoding, or it has its last token but is not yet let go. */
const PREFILLING = 0;
const DECODING = 1;
const ENDED = 2;

/**
 * One engine. `run` repeats: take in what has arrived, plan a step, let it take its time, hand out its tokens.
 * Loops over requests touch only those that prefill, are admitted or end; the decodes are one batch.
 */
export class Engine {
  private readonly batch: DecodeBatch;
  private readonly running: RunningList;
  private readonly waiting: WaitingQueue;
  private readonly pool: BlockPool;
  private readonly steps = new StepRecorder();

  /** Running prefills in the order of admission, their first `prefilling` places in use, with their share of this step. */
  private readonly prefills: Int32Array;
  private readonly chunks: Float64Array;
  private prefilling = 0;
  private budgetLeft = 0;
  /** Preemptions since the last step began. */
  private preemptedNow = 0;

  /** Requests with their last token that still hold their place and blocks: those of the step in flight. */
  private ended: number[] = [];
  private unfinished: number;

  private readonly activity: Uint8Array;
  /** Tokens in the cache (of a decode: in the batch), tokens that a prefill needs there, tokens put out before that. */
  private readonly computed: Float64Array;
  private readonly toCompute: Float64Array;
  private readonly emitted: Float64Array;

  private readonly scheduledSec: Float64Array;
  private readonly firstTokenSec: Float64Array;
  private readonly lastTokenSec: Float64Array;
  private readonly preemptions: Uint32Array;
  private readonly recomputedTokens: Float64Array;

  constructor(
    private readonly load: EngineLoad,
    private readonly settings: ResolvedEngine,
    /** Factor of the next step's duration. */
    private readonly noise: () => number,
  ) {
    const n = load.arrivalSec.length;
    const longestOutput = load.outputTokens.reduce((most, tokens) => Math.max(most, tokens), 1);
    this.batch = new DecodeBatch(n, longestOutput);
    this.running = new RunningList(n);
    this.waiting = new WaitingQueue(load.arrivalSec);
    this.pool = new BlockPool(settings.kvBlocks, n, settings.prefixCaching);
    const places = Math.min(n, settings.maxNumSeqs);
    this.prefills = new Int32Array(places);
    this.chunks = new Float64Array(places);
    this.unfinished = n;
    this.activity = new Uint8Array(n);
    this.computed = new Float64Array(n);
    this.toCompute = new Float64Array(n);
    this.emitted = new Float64Array(n);
    this.scheduledSec = new Float64Array(n);
    this.firstTokenSec = new Float64Array(n);
    this.lastTokenSec = new Float64Array(n);
    this.preemptions = new Uint32Array(n);
    this.recomputedTokens = new Float64Array(n);
  }

  run(): EngineRun {
    const { waiting, settings } = this;
    let planSec = -Infinity;
    let endSec = -Infinity;
    /** End of the last step whose results are known. With asynchronous scheduling one step is in flight beyond it. */
    let knownSec = -Infinity;
    while (this.unfinished > 0) {
      planSec = Math.max(planSec, knownSec);
      const idle = this.batch.size + this.prefilling === 0 && waiting.isEmpty;
      if (idle && planSec >= endSec) planSec = Math.max(planSec, waiting.nextArrivalSec);
      waiting.takeIn(settings.arrivalsReadAtSteps ? (planSec + this.nextPlanSec(planSec, endSec)) / 2 : planSec);
      if (!this.plan(planSec)) {
        this.release();
        knownSec = endSec;
        continue;
      }
      const startSec = Math.max(planSec, endSec);
      knownSec = endSec;
      endSec = startSec + this.work(startSec);
      if (!settings.asyncScheduling) knownSec = endSec;
      this.finish(endSec);
    }
    const { scheduledSec, firstTokenSec, lastTokenSec, preemptions, recomputedTokens } = this;
    return { scheduledSec, firstTokenSec, lastTokenSec, preemptions, recomputedTokens, steps: this.steps.table() };
  }

  /** When the step after the one now to be planned will be, as far as that is known without new requests. */
  private nextPlanSec(planSec: number, endSec: number): number {
    if (this.settings.asyncScheduling || this.batch.size + this.prefilling === 0) return Math.max(planSec, endSec);
    this.shareBudget();
    return planSec + this.expectedDuration();
  }

  /** Decides on the next step; false when there is nothing to do in it. */
  private plan(nowSec: number): boolean {
    if (this.planRunning() === 0) this.admit(nowSec);
    return this.batch.size + this.prefilling > 0;
  }

  /** Gives every decode its token and every running prefill its chunk; returns the blocks that this needs. */
  private shareBudget(): number {
    const { settings, batch } = this;
    let budget = settings.maxNumBatchedTokens - batch.size;
    let newBlocks = batch.newBlocks();
    for (let i = 0; i < this.prefilling; i++) {
      const request = this.prefills[i] as number;
      const have = this.computed[request] as number;
      const chunk = Math.min((this.toCompute[request] as number) - have, settings.chunkSize, budget);
      this.chunks[i] = chunk;
      budget -= chunk;
      newBlocks += blocksFor(have + chunk) - blocksFor(have);
    }
    this.budgetLeft = budget;
    return newBlocks;
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
    if (activity === DECODING) {
      this.computed[request] = this.batch.contextOf(request);
      this.emitted[request] = (this.load.outputTokens[request] as number) - this.batch.stepsLeft(request);
      this.batch.leave(request);
    } else this.prefilling--;
    this.letGo(request);
    this.waiting.prepend(request);
    this.preemptedNow++;
    this.preemptions[request] = (this.preemptions[request] as number) + 1;
    this.recomputedTokens[request] = (this.recomputedTokens[request] as number) + (this.computed[request] as number);
  }

  private letGo(request: number): void {
    this.running.remove(request);
    this.pool.give(request, this.computed[request] as number);
  }

  private admit(nowSec: number): void {
    const { settings, load, waiting, pool } = this;
    while (!waiting.isEmpty && this.budgetLeft > 0 && this.running.size < settings.maxNumSeqs) {
      const request = waiting.head;
      const again = waiting.headWasPreempted;
      const remembered = again ? pool.remembered(request, this.computed[request] as number) : 0;
      const have = Math.max(remembered, load.cachedTokens[request] as number);
      const all = (load.promptTokens[request] as number) + (this.emitted[request] as number);
      const chunk = Math.min(all - have, settings.chunkSize, this.budgetLeft);
      if (blocksFor(settings.reserveFullPrompt ? all : have + chunk) > pool.free) return;
      waiting.removeHead();
      pool.recall(request, remembered);
      pool.take(blocksFor(have + chunk) - blocksFor(remembered));
      if (again) this.recomputedTokens[request] = (this.recomputedTokens[request] as number) - have;
      else this.scheduledSec[request] = Math.max(nowSec, load.arrivalSec[request] as number);
      this.budgetLeft -= chunk;
      this.computed[request] = have;
      this.toCompute[request] = all;
      this.activity[request] = PREFILLING;
      this.running.append(request);
      this.prefills[this.prefilling] = request;
      this.chunks[this.prefilling] = chunk;
      this.prefilling++;
    }
  }

  private prefillTokens(): number {
    let tokens = 0;
    for (let i = 0; i < this.prefilling; i++) tokens += this.chunks[i] as number;
    return tokens;
  }

  /** Duration of the planned step without noise. */
  private expectedDuration(): number {
    const { beta0, beta1, beta2, beta3 } = this.settings.coefficients;
    return beta0 + beta1 * this.prefillTokens() + beta2 * this.batch.size + beta3 * this.batch.contextTokens;
  }

  /** Records the planned step and returns how long it takes. */
  private work(startSec: number): number {
    const duration = this.expectedDuration() * this.noise();
    let requests = this.batch.size;
    for (let i = 0; i < this.prefilling; i++) if ((this.chunks[i] as number) > 0) requests++;
    const { size, contextTokens } = this.batch;
    this.steps.push(startSec, duration, this.prefillTokens(), size, contextTokens, requests, this.preemptedNow);
    this.preemptedNow = 0;
    return duration;
  }

  /** The end of a step: decodes put out a token each, prefills advance, and one that is complete puts out its token too. */
  private finish(endSec: number): void {
    this.release();
    this.batch.advance((request, contextTokens) => this.end(request, contextTokens, endSec));
    let kept = 0;
    for (let i = 0; i < this.prefilling; i++) {
      const request = this.prefills[i] as number;
      const computed = (this.computed[request] as number) + (this.chunks[i] as number);
      this.computed[request] = computed;
      if (computed < (this.toCompute[request] as number)) {
        this.prefills[kept++] = request;
        continue;
      }
      const emitted = (this.emitted[request] as number) + 1;
      if (emitted === 1) this.firstTokenSec[request] = endSec;
      const stepsLeft = (this.load.outputTokens[request] as number) - emitted;
      if (stepsLeft === 0) this.end(request, computed, endSec);
      else {
        this.activity[request] = DECODING;
        this.batch.join(request, computed, stepsLeft);
      }
    }
    this.prefilling = kept;
    if (!this.settings.asyncScheduling) this.release();
  }

  private end(request: number, contextTokens: number, endSec: number): void {
    this.computed[request] = contextTokens;
    this.activity[request] = ENDED;
    this.lastTokenSec[request] = endSec;
    this.ended.push(request);
    this.unfinished--;
  }

  /** The requests that ended get known to the scheduler, which lets them go. */
  private release(): void {
    for (const request of this.ended) this.letGo(request);
    this.ended.length = 0;
  }
}
