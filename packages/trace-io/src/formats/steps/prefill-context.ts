/**
 * Sum of the positions of a step's prefill tokens, from sums over its prompts: `sum (p k + p (p + 1) / 2)` with p tokens behind k that are in the
 * cache. Exact for one prompt; for more, as if what a prompt has in the cache said nothing of how many of its tokens the step computes.
 *
 * @param variance of the prompts' tokens in the step
 */
export function prefillContextOf(prompts: number, tokens: number, cached: number, variance: number): number {
  if (!(prompts > 0)) return 0;
  const squares = prompts * variance + tokens ** 2 / prompts;
  return (tokens * cached) / prompts + (squares + tokens) / 2;
}
