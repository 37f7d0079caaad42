/**
 * A stretch of engine steps that hold the same decodes: one step of a step log, or the steps between two known moments. Everything
 * that a term may ask about it. Counts are real numbers, for a stretch may be known only in expectation.
 */
export interface Stretch {
  /** k: engine steps. */
  steps: number;
  /** n: sequences that decode in each of them, one token each. */
  decodeSeqs: number;
  /** c: KV tokens that the decodes of a step read, mean over the steps. */
  contextTokens: number;
  /** P: prefill tokens, in all. */
  prefillTokens: number;
  /** Steps among them that hold prefill. */
  prefillSteps: number;
  /** Prompts computed here; a prompt that is spread over many stretches counts once in all. */
  prefillRequests: number;
  /** Sum over the prefill tokens of their position, from 1, cached tokens counted. */
  prefillContext: number;
  /** Starts that only a client's clock tells: beginnings on an idle engine. */
  clientStarts: number;
  /** 1 where it ends with a first token and does not begin with one, -1 where it is the other way round. */
  firstTokens: number;
}

/** What of a stretch may be unknown: no column of the evidence tells it. */
export type StretchFact = Exclude<keyof Stretch, 'steps'>;

/** A stretch of nothing, to be filled. */
export const emptyStretch = (): Stretch => ({
  steps: 0,
  decodeSeqs: 0,
  contextTokens: 0,
  prefillTokens: 0,
  prefillSteps: 0,
  prefillRequests: 0,
  prefillContext: 0,
  clientStarts: 0,
  firstTokens: 0,
});

/** What one step holds. */
export interface StepComposition {
  readonly prefillTokens: number;
  readonly decodeSeqs: number;
  readonly contextTokens: number;
  /** Default: 1 where there are prefill tokens. */
  readonly prefillRequests?: number;
  /** Default: that of one prompt computed from its beginning, `p (p + 1) / 2`. */
  readonly prefillContext?: number;
}

/** A step as a stretch of one. */
export const stretchOfStep = (step: StepComposition): Stretch => ({
  steps: 1,
  decodeSeqs: step.decodeSeqs,
  contextTokens: step.contextTokens,
  prefillTokens: step.prefillTokens,
  prefillSteps: step.prefillTokens > 0 ? 1 : 0,
  prefillRequests: step.prefillRequests ?? (step.prefillTokens > 0 ? 1 : 0),
  prefillContext: step.prefillContext ?? (step.prefillTokens * (step.prefillTokens + 1)) / 2,
  clientStarts: 0,
  firstTokens: 0,
});
