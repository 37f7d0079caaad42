/**
 * Time per simulated step and its growth with the number of requests: a run of n requests of the scenario
 * budget-2048-medium takes about 9 n steps. Prints medians of five runs, user + system time of the process.
 */
import { runScenario } from '../src/index.js';

const cpuSec = (work: () => number): { sec: number; steps: number } => {
  const before = process.cpuUsage();
  const steps = work();
  const { user, system } = process.cpuUsage(before);
  return { sec: (user + system) / 1e6, steps };
};

for (const name of ['budget-2048-medium', 'chunk-64-heavy', 'preempting'] as const) {
  for (const requests of [12_500, 25_000, 50_000, 100_000]) {
    const runs = Array.from({ length: 5 }, (_, seed) =>
      cpuSec(() => runScenario(name, { requests, seed }).steps.length),
    );
    runs.sort((a, b) => a.sec / a.steps - b.sec / b.steps);
    const { sec, steps } = runs[2];
    console.log(
      `${name.padEnd(20)} ${String(requests).padStart(7)} requests ${String(steps).padStart(8)} steps ` +
        `${sec.toFixed(2)} s  ${((1e6 * sec) / steps).toFixed(2)} s per million steps`,
    );
  }
}
