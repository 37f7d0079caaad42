import type { RowTable } from '@stepclock/step-cost';
import type { TokenTable } from '@stepclock/trace-io';
import { fitWithoutStalls } from '../rows/trusted-rows.js';

/** Tokens that every prompt has for the engine beyond those that the log counts (negative: fewer). */
export interface PromptOffset {
  /** NaN where nothing tells. */
  readonly tokens: number;
  /** Standard error; NaN where nothing tells. */
  readonly error: number;
}

/** An offset is clear beyond this many standard errors, and worth naming from this many tokens on. */
const CLEAR_ERRORS = 4;
const LEAST_TOKENS = 8;
/** Its error must be below this part of a mean prompt: prompts all alike tell nothing of it. */
const SHARP = 0.1;

/** What a prompt costs whatever its length, over what a token of it costs. @param table rows with the column `prefill_requests` */
export function promptOffset(table: RowTable, unseenWork: boolean, level: number): PromptOffset {
  const { coefficients, intervals, rows } = fitWithoutStalls(table, unseenWork, { level });
  const [requests, tokens] = ['prefill_requests', 'prefill_tokens'].map((wanted) =>
    rows.terms.findIndex(({ name }) => name === wanted),
  );
  // Terms that were asked for may leave the prompts' tokens out.
  const perToken = tokens < 0 ? 0 : coefficients[tokens];
  if (!(perToken > 0)) return { tokens: Number.NaN, error: Number.NaN };
  const p = rows.terms.length;
  const error = intervals === null ? Number.NaN : Math.sqrt(intervals.covariance[requests * p + requests]) / perToken;
  return { tokens: coefficients[requests] / perToken, error };
}

/** Whether an offset is there, and of a size that a prompt can have. */
export function isClear({ tokens, error }: PromptOffset, { promptTokens, requestCount }: TokenTable): boolean {
  const mean = promptTokens.reduce((sum, prompt) => sum + prompt, 0) / requestCount;
  return (
    Math.abs(tokens) > Math.max(CLEAR_ERRORS * error, LEAST_TOKENS) && error < SHARP * mean && Math.abs(tokens) < mean
  );
}

/** Prompts as the engine has them: tokens that it lacks were in its cache, tokens that it has beyond are a template's. */
export function offsetPrompts(given: TokenTable, offset: number, table: TokenTable): TokenTable {
  if (offset >= 0) return { ...table, promptTokens: given.promptTokens.map((prompt) => prompt + offset) };
  const cachedTokens = given.promptTokens.map((prompt, r) =>
    Math.min((given.cachedTokens?.[r] ?? 0) - offset, Math.max(prompt - 1, 0)),
  );
  return { ...table, cachedTokens };
}
