import { BlockPool, blocksFor } from './block-pool.js';
import { DecodeBatch } from './decode-batch.js';
import type { ResolvedEngine } from './engine-options.js';
import { RunningList } from './running-list.js';
import { StepRecorder, type StepTable } from './step-table.js';

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
  private readonly pool: BlockPool;
  private readonly steps = new StepRecorder();

  /** Running prefills in the order of admission, their first `prefilling` places in use, with their share of this step. */
  private readonly prefills: Int32Array;
  private readonly chunks: Float64Array;
  private prefilling = 0;
  private budgetLeft = 0;
  /** Preemptions since the last step began. */
  private preemptedNow = 0;

  /** Preempted requests, the head of the queue on top; behind them the arrived ones from `nextNew` to `arrived`. */
  private readonly preempted: number[] = [];
  private nextNew = 0;
  private arrived = 0;
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
    const { arrivalSec } = this.load;
    let planSec = -Infinity;
    let endSec = -Infinity;
    /** End of the last step whose results are known. With asynchronous scheduling one step is in flight beyond it. */
    let knownSec = -Infinity;
    while (this.unfinished > 0) {
      planSec = Math.max(planSec, knownSec);
      if (this.idle() && planSec >= endSec) planSec = Math.max(planSec, arrivalSec[this.arrived] as number);
      while (this.arrived < arrivalSec.length && (arrivalSec[this.arrived] as number) <= planSec) this.arrived++;
      if (!this.plan(planSec)) {
        this.release();
        knownSec = endSec;
        continue;
      }
      const startSec = Math.max(planSec, endSec);
      knownSec = endSec;
      endSec = startSec + this.work(startSec);
      if (!this.settings.asyncScheduling) knownSec = endSec;
      this.finish(endSec);
    }
    const { scheduledSec, firstTokenSec, lastTokenSec, preemptions, recomputedTokens } = this;
    return { scheduledSec, firstTokenSec, lastTokenSec, preemptions, recomputedTokens, steps: this.steps.table() };
  }

  private idle(): boolean {
    return this.batch.size + this.prefilling + this.preempted.length === 0 && this.nextNew === this.arrived;
  }

  /** Decides on the next step; false when there is nothing to do in it. */
  private plan(nowSec: number): boolean {
    if (this.planRunning() === 0) this.admit(nowSec);
    return this.batch.size + this.prefilling > 0;
  }

  /** Gives every decode its token and every running prefill its chunk, preempting the last admitted while blocks lack. */
  private planRunning(): number {
    const { settings, batch } = this;
    for (let preempted = 0; ; preempted++) {
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
      if (newBlocks <= this.pool.free) {
        this.pool.take(newBlocks);
        this.budgetLeft = budget;
        this.preemptedNow += preempted;
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
    this.preempted.push(request);
    this.preemptions[request] = (this.preemptions[request] as number) + 1;
    this.recomputedTokens[request] = (this.recomputedTokens[request] as number) + (this.computed[request] as number);
  }

  private letGo(request: number): void {
    this.running.remove(request);
    this.pool.give(request, this.computed[request] as number);
  }

  private admit(nowSec: number): void {
    const { settings, load, preempted, pool } = this;
    while (this.budgetLeft > 0 && this.running.size < settings.maxNumSeqs) {
      const again = preempted.at(-1);
      if (again === undefined && this.nextNew === this.arrived) return;
      const request = again ?? this.nextNew;
      const remembered = again === undefined ? 0 : pool.remembered(request, this.computed[request] as number);
      const cached = load.cachedTokens[request] as number;
      const have = Math.max(remembered, cached);
      const all = (load.promptTokens[request] as number) + (this.emitted[request] as number);
      const chunk = Math.min(all - have, settings.chunkSize, this.budgetLeft);
      if (blocksFor(settings.reserveFullPrompt ? all : have + chunk) > pool.free) return;
      if (again === undefined) {
        this.nextNew++;
        this.scheduledSec[request] = nowSec;
      } else {
        preempted.pop();
        this.recomputedTokens[request] = (this.recomputedTokens[request] as number) - have;
      }
      pool.recall(request, remembered);
      pool.take(blocksFor(have + chunk) - blocksFor(remembered));
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

  /** Records the planned step and returns how long it takes. */
  private work(startSec: number): number {
    const { beta0, beta1, beta2, beta3 } = this.settings.coefficients;
    const decodes = this.batch.size;
    const context = this.batch.contextTokens;
    let prefillTokens = 0;
    let requests = decodes;
    for (let i = 0; i < this.prefilling; i++) {
      const chunk = this.chunks[i] as number;
      prefillTokens += chunk;
      if (chunk > 0) requests++;
    }
    const duration = (beta0 + beta1 * prefillTokens + beta2 * decodes + beta3 * context) * this.noise();
    this.steps.push(startSec, duration, prefillTokens, decodes, context, requests, this.preemptedNow);
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
