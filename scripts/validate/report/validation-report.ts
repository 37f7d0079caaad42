import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportData, ReportInputFile, Spec } from '@stepclock/charts';
import { markdownBlocks } from './markdown-blocks.js';
import { validationFigures } from './validation-figures.js';

/** One part of the validation as it ran. */
export interface PartRun {
  readonly part: string;
  /** What it printed, in Markdown. */
  readonly text: string;
  readonly passed: boolean;
  readonly durationSec: number;
}

const titled = (part: string): string => `${part.charAt(0).toUpperCase()}${part.slice(1).replaceAll('-', ' ')}`;

const wasSkipped = ({ text }: PartRun): boolean => /^skipped:/m.test(text);

/** Every file of measurements in the data folder, with its digest. */
const dataFiles = (folder: string): ReportInputFile[] => {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .filter((name) => /\.(csv|jsonl?|xlsx)$/.test(name))
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    });
};

/** The validation as one report: what passed, then the tables of every part. */
export const validationReport = (runs: readonly PartRun[], data: string, command: string): ReportData => {
  const failed = runs.filter(({ passed }) => !passed);
  const skipped = runs.filter((run) => run.passed && wasSkipped(run));
  const minutes = runs.reduce((sum, { durationSec }) => sum + durationSec, 0) / 60;
  const names = (some: readonly PartRun[]): string => some.map(({ part }) => part).join(', ');
  return {
    title: 'Validation of stepclock',
    subtitle: 'Against published measurements, reference answers and simulated engines with known coefficients',
    verdict: {
      tone: failed.length > 0 ? 'bad' : skipped.length > 0 ? 'caution' : 'good',
      headline:
        failed.length > 0
          ? `${failed.length} of ${runs.length} parts failed: ${names(failed)}.`
          : runs.length === 1
            ? `${titled(runs[0]?.part ?? '')} holds what it checks.`
            : `All ${runs.length} parts hold what they check.`,
      points: skipped.length === 0 ? [] : [`Without their measurements, and so skipped or cut: ${names(skipped)}.`],
    },
    keyFigures: [
      { label: 'Parts', value: `${runs.length}` },
      { label: 'Failed', value: `${failed.length}` },
      { label: 'Took', value: minutes.toFixed(1), unit: 'min', note: 'wall time, on this machine' },
    ],
    sections: [
      {
        title: 'Parts',
        blocks: [
          {
            kind: 'table',
            caption: 'Parts',
            columns: [{ label: 'Part' }, { label: 'Outcome' }, { label: 'Took', kind: 'number' }],
            rows: runs.map((run) => [
              titled(run.part),
              run.passed ? (wasSkipped(run) ? 'skipped in part' : 'passed') : 'failed',
              `${run.durationSec.toFixed(1)} s`,
            ]),
          },
        ],
      },
      ...runs.map((run) => {
        const blocks = markdownBlocks(run.text, titled(run.part));
        const figures = validationFigures(run.part, blocks);
        return {
          title: titled(run.part),
          blocks: [...(figures.length === 0 ? [] : [{ kind: 'figures' as const, figures }]), ...blocks],
        };
      }),
    ],
    provenance: { command, versions: { node: process.versions.node }, inputs: dataFiles(data) },
  };
};

/** Every chart of a report with a name for its file. */
export const figureSpecs = ({ sections }: ReportData): readonly (readonly [string, Spec])[] =>
  sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) =>
      block.kind === 'figures'
        ? block.figures.map(({ spec }) => [spec.title.text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'), spec] as const)
        : [],
    ),
  );
