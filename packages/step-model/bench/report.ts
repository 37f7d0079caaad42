import { renderReport } from '@stepclock/charts';
import { estimateReport } from '../src/index.js';
import { sampleEstimate } from '../test/sample-estimate.js';

/** Seconds of user and system time, and of the wall, that some work takes. */
const timed = async <T>(work: () => Promise<T>): Promise<{ result: T; cpuSec: number; wallSec: number }> => {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, cpuSec: (user + system) / 1e6, wallSec: (performance.now() - wall) / 1e3 };
};

console.log('phases      cpu s   wall s   size MB   peak memory MB');
for (const phases of [1_000, 10_000, 100_000, 1_000_000]) {
  const input = sampleEstimate({ phases });
  const { result, cpuSec, wallSec } = await timed(() => renderReport(estimateReport(input)));
  const size = Buffer.byteLength(result) / 1e6;
  const memory = process.resourceUsage().maxRSS / 1e3;
  console.log(
    `${`${phases}`.padEnd(9)} ${cpuSec.toFixed(2).padStart(7)} ${wallSec.toFixed(2).padStart(8)} ${size.toFixed(2).padStart(9)} ${memory.toFixed(0).padStart(16)}`,
  );
}
