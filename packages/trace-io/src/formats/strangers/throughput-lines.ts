/** What vLLM logs every ten seconds (vllm/v1/metrics/loggers.py). */
const LINE =
  /Avg prompt throughput: ([\d.]+) tokens\/s, Avg generation throughput: ([\d.]+) tokens\/s, Running: (\d+) reqs/g;
/** Fewer lines tell nothing. */
const ENOUGH = 3;

/**
 * A rough first value of a step from the throughput lines of a vLLM server: in ten seconds without prompts, every running request got a token a step. Who
 * runs is told for the last moment of the ten seconds only, so that no fit and no interval can come of it.
 *
 * @returns undefined where the text has too few such lines
 */
export function roughStep(text: string): string | undefined {
  const steps: { readonly sec: number; readonly running: number }[] = [];
  for (const [, prompts, generated, running] of text.matchAll(LINE)) {
    const rate = Number(generated);
    if (Number(prompts) === 0 && rate > 0 && Number(running) > 0)
      steps.push({ sec: Number(running) / rate, running: Number(running) });
  }
  if (steps.length < ENOUGH) return undefined;
  const { sec, running } = steps.sort((a, b) => a.sec - b.sec)[steps.length >> 1];
  return `its throughput lines give a rough first value, and no estimate: about ${Number((1e3 * sec).toPrecision(2))} ms a step at ${running} running (the middle one of ${steps.length} lines without prompts)`;
}
