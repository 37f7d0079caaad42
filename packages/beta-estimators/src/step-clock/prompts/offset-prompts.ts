import { type PhaseTable, PREFILL } from '@stepclock/trace-io';

/**
 * Prompts as the engine has them: tokens that it lacks were found in its cache, tokens that it has beyond are a template's.
 *
 * @param offsetTokens of every prompt, beyond those that the table counts; negative: fewer, one stays
 */
export const offsetPrompts = (phases: PhaseTable, offsetTokens: number): PhaseTable => {
  if (offsetTokens === 0) return phases;
  const { kind, prefillTokens: given } = phases;
  const prefillTokens = given.map((tokens, i) =>
    kind[i] === PREFILL ? Math.max(tokens + offsetTokens, Math.min(tokens, 1)) : tokens,
  );
  if (offsetTokens > 0) return { ...phases, prefillTokens };
  const cachedTokens = given.map((tokens, i) => (phases.cachedTokens?.[i] ?? 0) + tokens - prefillTokens[i]);
  return { ...phases, prefillTokens, cachedTokens };
};
