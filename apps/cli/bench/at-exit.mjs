// Loaded before the program: tells its peak memory and CPU time when it is done.
import { writeSync } from 'node:fs';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeSync(3, JSON.stringify({ peakMb: maxRSS / 1024, cpuSec: (userCPUTime + systemCPUTime) / 1e6 }));
});
