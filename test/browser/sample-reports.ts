import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { panelSpec, type ReportData, renderReport } from '@stepclock/charts';
import { estimateReport } from '@stepclock/step-model';
import { capture } from '../../apps/cli/test/capture.js';
import { everySpec } from '../../packages/charts/test/every-spec.js';
import { sampleEstimate } from '../../packages/step-model/test/sample-estimate.js';

/** A report with one chart of every kind, as the regression models' reports use them. */
const everyChart = (): ReportData => {
  const specs = Object.values(everySpec());
  return {
    title: 'Step time of Llama-3.1-8B, and every other chart there is',
    subtitle:
      'a made-up result with a fairly long line under the title, so that it has to be broken on a narrow screen',
    verdict: {
      tone: 'bad',
      headline: 'One point carries 99.6 % of the residual sum of squares.',
      points: ['R² is 0.998 without it, 0.66 with it.'],
    },
    keyFigures: [
      { label: 'Per sequence and token', value: '0.000123', unit: 'ms', note: '95 %: 0.000119 to 0.000127' },
      { label: 'R²', value: '0.66' },
      { label: 'Mean absolute percentage error', value: '3.2', unit: '%' },
    ],
    warnings: [
      { code: 'one-point-dominates', message: 'Row 1203 (step_time 0.28 s) has a Cook distance of 41.' },
      {
        code: 'a-very-long-warning-code-that-does-not-fit-on-a-narrow-screen-without-being-broken',
        message: 'x'.repeat(120),
      },
    ],
    sections: [
      {
        title: 'Charts',
        blocks: [{ kind: 'figures', figures: specs.map((spec) => ({ spec, caption: spec.description })) }],
      },
      {
        title: 'Panels and tables',
        intro: 'Panels stand on their own in a report.',
        blocks: [
          {
            kind: 'figures',
            figures: [{ spec: panelSpec({ title: 'Panels', panels: specs.slice(0, 3) }), caption: 'A caption' }],
          },
          {
            kind: 'table',
            caption: 'Many columns',
            columns: Array.from({ length: 14 }, (_, i) => ({
              label: `column ${i}`,
              kind: i === 0 ? ('text' as const) : ('number' as const),
            })),
            rows: [1, 2, 3].map((row) =>
              Array.from({ length: 14 }, (_, i) => (i === 0 ? `row ${row}` : row * 1234.5678 * i)),
            ),
            note: 'A table that is wider than a phone scrolls in its frame.',
          },
          { kind: 'list', items: ['first', 'second'] },
        ],
      },
    ],
    provenance: {
      command: 'stepclock step-time fit --model-name llama-3.1-8b --data-path steps.jsonl --report report.html',
      versions: { stepclock: '0.1.0' },
      inputs: [{ name: `a-folder/${'long-name-'.repeat(9)}.jsonl`, sha256: '0'.repeat(64) }],
    },
  };
};

const root = join(import.meta.dirname, '../..');

/** Runs the command line in this process. */
const stepclock = async (...argv: readonly string[]): Promise<void> => {
  const { code, stderr } = await capture(argv);
  if (code !== 0) throw new Error(`stepclock ${argv.join(' ')}: exit code ${code}\n${stderr}`);
};

/** The inputs of the command line's reports. */
export interface ReportSources {
  readonly trace: string;
  readonly steps: string;
  readonly modelName: string;
  readonly tokens: string;
  readonly stages: string;
  readonly gpus: readonly [source: string, target: string];
}

const FIXTURES: ReportSources = {
  trace: join(root, 'fixtures/traces/shared-budget-300/requests.jsonl'),
  steps: join(root, 'fixtures/step-time/synthetic_one_outlier.csv'),
  modelName: 'meta-llama/Llama-3.1-8B-Instruct',
  tokens: join(root, 'fixtures/token2metrics/synthetic.csv'),
  stages: join(root, 'fixtures/stage/two-gpus.csv'),
  gpus: ['GPU-L', 'GPU-M'],
};

/** One report of every kind that the command line writes, into a folder. */
export const commandReports = async (
  folder: string,
  sources: ReportSources = FIXTURES,
): Promise<Readonly<Record<string, string>>> => {
  const { trace, steps, modelName, tokens, stages, gpus } = sources;
  mkdirSync(folder, { recursive: true });
  const paths: Record<string, string> = {};
  const report = (name: string): readonly string[] => {
    paths[name] = join(folder, `${name.replace(/[ ,]+/g, '-')}.html`);
    return ['--report', paths[name]];
  };
  const betas = join(folder, 'betas.json');
  await stepclock('estimate', trace, '--json', betas, ...report('the bundled trace'));
  await stepclock('estimate', trace, '--algo', 'iterative', '--json', betas, ...report('a published estimator'));
  await stepclock('replay', '--betas', betas, '--requests', trace, ...report('a replayed trace'));
  const output = (name: string): readonly string[] => ['--output', join(folder, name), '--no-figures'];
  const fit = ['step-time', 'fit', '--model-name', modelName, '--data-path', steps, ...output('step-time')];
  await stepclock(...fit, ...report('a step-time fit'));
  const train = [
    'token2metrics',
    'train',
    '--all-models',
    '--trees',
    '20',
    '--data',
    tokens,
    ...output('token2metrics'),
  ];
  await stepclock(...train, ...report('token2metrics models'));
  const [source, target] = gpus;
  const filters = ['--source-filter', `gpu=${source}`, '--target-filter', `gpu=${target}`];
  const cheap = ['--families', 'linear,log-polynomial', '--guardrail-method', 'affine'];
  const few = ['--seeds', '2', '--samples', '10,25', '--methods', 'affine,global-affine,stage-mix,scale', ...cheap];
  const experiment = ['stage', 'experiment', '--source', stages, '--target', stages, ...filters, ...few];
  await stepclock(...experiment, ...output('stage'), ...report('a stage experiment'));
  return paths;
};

/** Writes the reports that the browser tests open, and names them. STEPCLOCK_REPORTS adds a folder of further ones. */
export const sampleReports = async (): Promise<Readonly<Record<string, string>>> => {
  const folder = join(tmpdir(), `stepclock-reports-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const reports: Readonly<Record<string, ReportData>> = {
    'an estimate': estimateReport(sampleEstimate({ phases: 2000 })),
    'a million phases': estimateReport(sampleEstimate({ phases: 1_000_000 })),
    'every chart': everyChart(),
  };
  const paths: Record<string, string> = {};
  for (const [name, data] of Object.entries(reports)) {
    const path = join(folder, `${name.replaceAll(' ', '-')}.html`);
    writeFileSync(path, await renderReport(data));
    paths[name] = path;
  }
  Object.assign(paths, await commandReports(join(folder, 'command')));
  const further = process.env.STEPCLOCK_REPORTS;
  for (const file of further === undefined ? [] : readdirSync(further).filter((entry) => entry.endsWith('.html'))) {
    paths[file] = join(further ?? '', file);
  }
  return paths;
};
