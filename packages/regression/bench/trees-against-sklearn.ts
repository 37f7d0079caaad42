/**
 * Forest, boosting and network against scikit-learn on the same seeded rows in the same run: CPU time of training (one thread each, alternating,
 * median of three) and errors on held-out rows.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from 'd3-array';
import {
  type dataset,
  type FittedModel,
  gradientBoosting,
  multilayerPerceptron,
  randomForest,
  regressionMetrics,
  takeDatasetRows,
} from '../src/index.js';
import { friedman } from '../test/synthetic.js';

const TRAIN = 5000;
const TEST = 2000;
const REPEATS = 3;

interface Score {
  readonly seconds: number;
  readonly r2: number;
  readonly rmse: number;
}

const all = friedman(TRAIN + TEST, 2025);
const train = takeDatasetRows(
  all,
  Uint32Array.from({ length: TRAIN }, (_, i) => i),
);
const test = takeDatasetRows(
  all,
  Uint32Array.from({ length: TEST }, (_, i) => TRAIN + i),
);

const ours = (fit: (data: ReturnType<typeof dataset>) => FittedModel): Score => {
  const before = process.cpuUsage();
  const model = fit(train);
  const { user, system } = process.cpuUsage(before);
  const { r2, rmse } = regressionMetrics(test.target, model.predict(test.features));
  return { seconds: (user + system) / 1e6, r2: r2 ?? Number.NaN, rmse };
};

const folder = mkdtempSync(join(tmpdir(), 'stepclock-bench-'));
try {
  const file = join(folder, 'rows.f64');
  const columns = [...all.features.columns, all.target];
  const rows = new DataView(new ArrayBuffer(8 * columns.length * all.target.length));
  for (let i = 0; i < all.target.length; i++) {
    columns.forEach((column, j) => {
      rows.setFloat64(8 * (i * columns.length + j), column[i], true);
    });
  }
  writeFileSync(file, new Uint8Array(rows.buffer));
  const script = fileURLToPath(new URL('./trees-against-sklearn.py', import.meta.url));
  // Debian's package belongs to the system's interpreter, which need not be the first one in PATH.
  const interpreter = [process.env.PYTHON ?? 'python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import sklearn']).status === 0,
  );
  const sklearn = (python: string): Record<string, Score> => {
    const run = spawnSync(python, [script, file, String(TRAIN), '4'], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(run.stdout) as Record<string, Score>;
  };

  const runs = [];
  for (let k = 0; k < REPEATS && interpreter !== undefined; k++) {
    const theirs = sklearn(interpreter);
    runs.push({
      theirs,
      forest: ours((data) => randomForest(data).model),
      boosting: ours((data) => gradientBoosting(data).model),
      mlp: ours((data) => multilayerPerceptron(data).model),
    });
  }
  const [first] = runs;
  if (first === undefined) {
    console.log('skipped: python3 with scikit-learn is not installed (Debian: python3-sklearn)');
  } else {
    console.log(`${TRAIN} x 4 rows to train, ${TEST} to test; CPU seconds, median of ${REPEATS} alternating runs`);
    for (const [name, peer] of [
      ['forest', 'forest'],
      ['boosting', 'boosting'],
      ['mlp', 'mlp'],
      ['mlp', 'mlp_32_32'],
    ] as const) {
      const mine = median(runs, (run) => run[name].seconds) as number;
      const their = median(runs, (run) => run.theirs[peer]?.seconds) as number;
      const reference = first.theirs[peer];
      console.log(
        `${name.padEnd(9)} ${mine.toFixed(2)} s, r2 ${first[name].r2.toFixed(4)}, rmse ${first[name].rmse.toFixed(4)}` +
          ` | sklearn ${peer} ${their.toFixed(2)} s, r2 ${reference.r2.toFixed(4)}, rmse ${reference.rmse.toFixed(4)}` +
          ` | time x${(mine / their).toFixed(2)}, r2 ${(first[name].r2 - reference.r2).toFixed(4)}, rmse x${(first[name].rmse / reference.rmse).toFixed(3)}`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
