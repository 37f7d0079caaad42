import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { TraceFormat } from '../trace-format.js';

type Key = 'instance' | 'id' | 'input' | 'output' | 'arrival' | 'end' | 'queue' | 'ttft' | 'gaps';

const column = (key: Key, name: string, kind: 'number' | 'count' | 'name'): RequestColumn<Key> => ({
  key,
  names: [name],
  kind,
  required: key !== 'instance' && key !== 'gaps',
  emptyAllowed: key === 'gaps',
});

const COLUMNS = [
  column('instance', 'instance id', 'name'),
  column('id', 'request id', 'name'),
  column('input', 'input', 'count'),
  column('output', 'output', 'count'),
  column('arrival', 'arrival', 'number'),
  column('end', 'end_time', 'number'),
  column('queue', 'queuing_delay', 'number'),
  column('ttft', 'ttft', 'number'),
  column('gaps', 'itl', 'name'),
];
const NANOSECONDS = 1e9;

/**
 * The requests of LLMServingSim (casys-kaist/LLMServingSim, `--output`): nanoseconds of simulated time; `TTFT` and `queuing_delay` count from
 * `arrival`. Versions differ in whether `output` counts the prompt, too: where `ITL` lists the gaps between tokens, it says how many there are.
 */
export const llmServingSim: TraceFormat = {
  name: 'llmservingsim',
  description: 'LLMServingSim request CSV, nanoseconds',
  recognise: ({ headerNames }) =>
    ['request id', 'queuing_delay', 'ttft', 'end_time'].every((name) => headerNames.includes(name)),
  async read(input, options) {
    const builder = new RequestBuilder(input.file, 'snapped');
    const { head, path, columns: mapping } = options;
    await readRequestRows(input, { delimiter: head.delimiter, path, mapping }, COLUMNS, (cells, line) => {
      const arrivalSec = cells.number('arrival') / NANOSECONDS;
      const gaps = gapsIn(cells.name('gaps'));
      const told = cells.number('output');
      const instance = cells.name('instance');
      builder.add(cells.name('id') ?? String(line), line, {
        arrivalSec,
        scheduledSec: arrivalSec + cells.number('queue') / NANOSECONDS,
        firstTokenSec: arrivalSec + cells.number('ttft') / NANOSECONDS,
        lastTokenSec: cells.number('end') / NANOSECONDS,
        promptTokens: cells.number('input'),
        outputTokens: gaps === 0 ? told : gaps + 1,
        ...(instance !== undefined && { instance }),
      });
    });
    return builder.trace({
      format: 'llmservingsim',
      clock: 'simulated time, nanoseconds',
      timeUnit: 'ns',
      queueInPrefill: 'no',
      firstTokenWithPrefill: true,
      settings: { engine: 'LLMServingSim', ...options.settings },
    });
  },
};

/** How many numbers a list such as `[100, 100]` has. */
function gapsIn(list: string | undefined): number {
  const inside = /^\s*\[([^\]]*)\]\s*$/.exec(list ?? '')?.[1]?.trim() ?? '';
  return inside === '' ? 0 : inside.split(',').length;
}
