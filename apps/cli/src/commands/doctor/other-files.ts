import { type Fault, isFault } from '@stepclock/faults';
import { parseBetasFile } from '@stepclock/step-model';
import { engineSettingsOf, readTidyTable } from '@stepclock/trace-io';
import { readWhole } from '../../files/input.js';
import type { Session } from '../../session/session.js';
import { shellWord } from '../../session/shell-word.js';
import type { Answer, Diagnosis } from './diagnosis.js';
import { nothing } from './diagnosis.js';
import { unlessFault } from './unless-fault.js';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const SAMPLES =
  'give them beside the measurements of prefills: stepclock token2metrics train --power-samples FILE --data SHEET --all-models';

const STEP_TABLE = 'a table of decode steps with their batch and context';
const GRID =
  'measure batches of several sizes at several contexts each, and give both tables as one to stepclock step-time fit --data-path';

const refusalOf = (fit: () => unknown): Fault | undefined => {
  try {
    fit();
    return undefined;
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
};

/** A table that one of the other models is fitted to; each of their readers is asked. */
export const tableOfAModel = async (path: string, bytes: Uint8Array): Promise<Diagnosis | undefined> => {
  const word = shellWord(path);
  const measured = (is: string, question: string, command: string): Diagnosis => ({
    ...nothing,
    file: path,
    is,
    evidence: 'measurements',
    answers: [{ question, commands: [command] }],
  });
  const table = await unlessFault(() => readTidyTable(once(bytes), { fileName: path }));
  if (table === undefined) return undefined;
  if (table.names.includes('step_time')) {
    const { fitStepTime, readStepTimes } = await import('@stepclock/step-time');
    const steps = await unlessFault(() => readStepTimes(table));
    if (steps !== undefined) {
      const refused = refusalOf(() => fitStepTime(steps));
      if (refused !== undefined)
        return { ...nothing, file: path, is: STEP_TABLE, instead: `${refused.message}; ${GRID}` };
      return measured(
        STEP_TABLE,
        'the duration of a decode step over batch and context',
        `stepclock step-time fit --data-path ${word} --model-name mine`,
      );
    }
  }
  const { stageTable } = await import('./stage-table.js');
  const stages = await stageTable(table, path);
  if (stages !== undefined) return stages;
  const { loadMeasurements, loadPowerSamples } = await import('@stepclock/token2metrics');
  const loaded = await unlessFault(async () => loadMeasurements(bytes, { file: path }));
  // A table may have lengths and nothing measured.
  if (loaded?.some(({ values }) => Object.keys(values).length > 0)) {
    const named = loaded.every(({ model }) => model !== '');
    return measured(
      'measured requests of a device',
      'latency, energy and power over token counts',
      `stepclock token2metrics train --data ${word} ${named ? '--all-models' : '--model mine'} --output models`,
    );
  }
  const samples = await unlessFault(async () => loadPowerSamples(bytes, path));
  return samples && { ...nothing, file: path, is: 'samples of a power meter', instead: SAMPLES };
};

/** Questions to a model's file, by the family of its schema. */
const QUESTIONS: Readonly<Record<string, (word: string) => readonly Answer[]>> = {
  betas: (word) => [
    { question: 'the duration of a step', commands: [`stepclock predict --betas ${word} --decode-seqs 8`] },
    {
      question: 'the highest rate that keeps an SLO',
      commands: [
        `stepclock capacity --betas ${word} --workload prompt=600:0.8,output=150:0.7 --slo "ttft:p95:500ms tpot:mean:50ms"`,
      ],
    },
    { question: 'the coefficients for other tools', commands: [`stepclock export --betas ${word} --to json`] },
  ],
  'step-time': (word) => [
    {
      question: 'the duration of a decode step',
      commands: [`stepclock step-time predict --model ${word} --batch-size 8 --sequence-length 1024`],
    },
  ],
  'token2metrics-model': (word) => [
    {
      question: 'latency, energy and power of a request',
      commands: [`stepclock token2metrics predict --model-path ${word} --input-tokens 100 --output-tokens 50`],
    },
  ],
};

/** A file that stepclock wrote: a model answers, results do not. */
export const ownFile = async (path: string, session: Session): Promise<Diagnosis> => {
  const { text } = await readWhole(path, session);
  const [, schema = '', family = ''] = /"schema"\s*:\s*"(stepclock\/([a-z0-9-]+)@\d+)"/.exec(text) ?? [];
  const is = `a file that stepclock wrote (${schema})`;
  const answers = QUESTIONS[family]?.(shellWord(path));
  if (answers === undefined) return { ...nothing, file: path, is, instead: 'give the trace that it was made from' };
  if (family === 'betas') parseBetasFile(text, path);
  return { ...nothing, file: path, is, evidence: 'model', answers };
};

/** The settings of an engine, which serve beside a trace. */
export const settingsFile = async (path: string, is: string, instead: string, session: Session): Promise<Diagnosis> => {
  const { text } = await readWhole(path, session);
  const settings = Object.entries(engineSettingsOf(text, path));
  const told = settings.map(([name, value]) => `${name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)} ${value}`);
  return { ...nothing, file: path, is: told.length === 0 ? is : `${is}: ${told.join(', ')}`, instead };
};
