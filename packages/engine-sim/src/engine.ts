import { DecodeBatch } from './decode-batch.js';
import { BLOCK_TOKENS, type ResolvedEngine } from './engine-options.js';
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
  /** Tokens that were computed once more than without preemption. */
  readonly recomputedTokens: Float64Array;
  readonly steps: StepTable;
}

const blocksFor = (tokens: number): number => Math.ceil(tokens / BLOCK_TOKENS);

/**
 * One engine. `run` repeats: take in what has arrived, plan a step, let it take its time, hand out its tokens.
 * Loops over requests touch only those that prefill, are admitted or end; the decodes are one batch.
 */
export class Engine {
  private readonly requests: number;
  private readonly batch: DecodeBatch;
  private readonly running: RunningList;
  private freeBlocks: number;

  /** Running prefills in the order of admission, their first `prefilling` places in use, with their share of this step. */
  private readonly prefills: Int32Array;
  private readonly chunks: Float64Array;
  private prefilling = 0;

  /** Preempted requests, the head of the queue on top; behind them the arrived ones from `nextNew` to `arrived`. */
  private readonly preempted: number[] = [];
  private nextNew = 0;
  private arrived = 0;

  /** Tokens of a prefilling request in the cache, and how many it needs there; tokens put out so far. */
  private readonly computed: Float64Array;
  private readonly toCompute: Float64Array;
  private readonly emitted: Float64Array;
  private readonly decoding: Uint8Array;

  private readonly scheduledSec: Float64Array;
  private readonly firstTokenSec: Float64Array;
  private readonly lastTokenSec: Float64Array;
  private readonly preemptions: Uint32Array;
  private readonly recomputedTokens: Float64Array;
  private readonly steps = new StepRecorder();
  private unfinished: number;

  constructor(
    private readonly load: EngineLoad,
    private readonly settings: ResolvedEngine,
    /** Factor of the next step's duration. */
    private readonly noise: () => number,
  ) {
    const n = load.arrivalSec.length;
    this.requests = n;
    this.unfinished = n;
    this.batch = new DecodeBatch(
      n,
      load.outputTokens.reduce((most, tokens) => Math.max(most, tokens), 1),
    );
    this.running = new RunningList(n);
    this.freeBlocks = settings.kvBlocks;
    const places = Math.min(n, settings.maxNumSeqs);
    this.prefills = new Int32Array(places);
    this.chunks = new Float64Array(places);
    this.computed = new Float64Array(n);
    this.toCompute = new Float64Array(n);
    this.emitted = new Float64Array(n);
    this.decoding = new Uint8Array(n);
    this.scheduledSec = new Float64Array(n).fill(Number.NaN);
    this.firstTokenSec = new Float64Array(n);
    this.lastTokenSec = new Float64Array(n);
    this.preemptions = new Uint32Array(n);
    this.recomputedTokens = new Float64Array(n);
  }

  run(): EngineRun {
    const { arrivalSec } = this.load;
    let now = 0;
    while (this.unfinished > 0) {
      if (this.running.size === 0 && this.preempted.length === 0 && this.nextNew === this.arrived) {
        now = Math.max(now, arrivalSec[this.arrived] as number);
      }
      while (this.arrived < this.requests && (arrivalSec[this.arrived] as number) <= now) this.arrived++;
      now = this.step(now);
    }
    const { scheduledSec, firstTokenSec, lastTokenSec, preemptions, recomputedTokens } = this;
    return { scheduledSec, firstTokenSec, lastTokenSec, preemptions, recomputedTokens, steps: this.steps.table() };
  }

  private step(startSec: number): number {
    const preempted = this.planRunning();
    if (preempted === 0) this.admit(startSec);
    const { beta0, beta1, beta2, beta3 } = this.settings.coefficients;
    const decodes = this.batch.size;
    const context = this.batch.contextTokens;
    let prefillTokens = 0;
    let scheduled = decodes;
    for (let i = 0; i < this.prefilling; i++) {
      const chunk = this.chunks[i] as number;
      prefillTokens += chunk;
      if (chunk > 0) scheduled++;
    }
    const duration = (beta0 + beta1 * prefillTokens + beta2 * decodes + beta3 * context) * this.noise();
    this.steps.push(startSec, duration, prefillTokens, decodes, context, scheduled, preempted);
    const endSec = startSec + duration;
    this.finish(endSec);
    return endSec;
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
      if (newBlocks <= this.freeBlocks) {
        this.freeBlocks -= newBlocks;
        this.budgetLeft = budget;
        return preempted;
      }
      this.preemptLast();
    }
  }

  private budgetLeft = 0;

  /** The last admitted request gives up its cache and goes to the head of the queue. */
  private preemptLast(): void {
    const request = this.running.last;
    this.running.remove(request);
    let context: number;
    if (this.decoding[request] === 1) {
      context = this.batch.contextOf(request);
      this.emitted[request] = (this.load.outputTokens[request] as number) - this.batch.stepsLeft(request);
      this.decoding[request] = 0;
      this.batch.leave(request);
    } else {
      context = this.computed[request] as number;
      this.prefilling--;
    }
    this.freeBlocks += blocksFor(context);
    this.preemptions[request] = (this.preemptions[request] as number) + 1;
    const lost = context - (this.load.cachedTokens[request] as number);
    this.recomputedTokens[request] = (this.recomputedTokens[request] as number) + lost;
    this.preempted.push(request);
  }

  private admit(nowSec: number): void {
    const { settings, load, preempted } = this;
    while (this.budgetLeft > 0 && this.running.size < settings.maxNumSeqs) {
      const again = preempted.at(-1);
      if (again === undefined && this.nextNew === this.arrived) return;
      const request = again ?? this.nextNew;
      const cached = load.cachedTokens[request] as number;
      const all = (load.promptTokens[request] as number) + (this.emitted[request] as number);
      const chunk = Math.min(all - cached, settings.chunkSize, this.budgetLeft);
      const blocks = blocksFor(cached + chunk);
      if (blocks > this.freeBlocks) return;
      if (again === undefined) {
        this.nextNew++;
        this.scheduledSec[request] = nowSec;
      } else preempted.pop();
      this.freeBlocks -= blocks;
      this.budgetLeft -= chunk;
      this.computed[request] = cached;
      this.toCompute[request] = all;
      this.running.append(request);
      this.prefills[this.prefilling] = request;
      this.chunks[this.prefilling] = chunk;
      this.prefilling++;
    }
  }

  /** The end of a step: decodes put out a token each, prefills advance, and one that is complete puts out its token too. */
  private finish(endSec: number): void {
    this.batch.advance((request, contextTokens) => this.leave(request, contextTokens, endSec));
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
      this.emitted[request] = emitted;
      if (emitted === 1) this.firstTokenSec[request] = endSec;
      const stepsLeft = (this.load.outputTokens[request] as number) - emitted;
      if (stepsLeft === 0) this.leave(request, computed, endSec);
      else {
        this.decoding[request] = 1;
        this.batch.join(request, computed, stepsLeft);
      }
    }
    this.prefilling = kept;
  }

  private leave(request: number, contextTokens: number, endSec: number): void {
    this.running.remove(request);
    this.freeBlocks += blocksFor(contextTokens);
    this.lastTokenSec[request] = endSec;
    this.unfinished--;
  }
}
