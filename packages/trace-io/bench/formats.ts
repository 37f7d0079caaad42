/**
 * Throughput, memory and growth of every reader: each measurement in a process of its own, CPU time of the reading alone (making the text is
 * timed apart and taken off).
 *
 *   npx pnpm --filter @stepclock/trace-io bench [format ...]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readTrace } from '@stepclock/trace-io';
import { SHAPES, synthetic } from './synthetic.js';

const SIZES = [2_000, 20_000, 200_000];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measure(name: string, requests: number): Promise<void> {
  const shape = SHAPES[name];
  if (shape === undefined) throw new Error(`no shape ${name}`);
  const before = cpuSeconds();
  let bytes = 0;
  for await (const chunk of synthetic(shape, requests)) bytes += chunk.length;
  const making = cpuSeconds() - before;
  const start = cpuSeconds();
  const trace = await readTrace(synthetic(shape, requests));
  const reading = Math.max(cpuSeconds() - start - making, 1e-3);
  const rows = trace.phases?.length ?? trace.requests?.length ?? trace.steps?.length ?? 0;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `${[
      name.padEnd(15),
      String(requests).padStart(8),
      String(rows).padStart(8),
      (bytes / 1e6).toFixed(1).padStart(8),
      reading.toFixed(2).padStart(8),
      (bytes / 1e6 / reading).toFixed(0).padStart(6),
      Math.round(requests / reading)
        .toLocaleString('en')
        .padStart(11),
      peakMb.toFixed(0).padStart(7),
    ].join('  ')}\n`,
  );
}

const [first, size] = process.argv.slice(2);
if (first !== undefined && size !== undefined && /^\d+$/.test(size)) {
  await measure(first, Number(size));
} else {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SHAPES);
  process.stdout.write(
    `${['format'.padEnd(15), 'requests', '    rows', '      MB', '   CPU s', '  MB/s', ' requests/s', '   MB peak'].join('  ')}\n`,
  );
  for (const name of names) {
    for (const requests of SIZES) {
      spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), name, String(requests)], {
        stdio: 'inherit',
      });
    }
  }
}
