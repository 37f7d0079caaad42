import { Fault } from '@stepclock/faults';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { TraceFormat } from '../trace-format.js';

type Key = 'id' | 'arrived' | 'since' | 'delay' | 'prefill' | 'e2e' | 'prompt' | 'output';

const column = (key: Key, names: readonly string[], kind: 'number' | 'count', required = true): RequestColumn<Key> => ({
  key,
  names,
  kind,
  required,
  emptyAllowed: !required,
});

const COLUMNS = [
  column('id', ['request id'], 'count'),
  column('arrived', ['request_arrived_at', 'arrived_at'], 'number', false),
  column('since', ['request_inter_arrival_delay'], 'number', false),
  column('delay', ['request_scheduling_delay'], 'number'),
  column('prefill', ['prefill_e2e_time'], 'number'),
  column('e2e', ['request_e2e_time'], 'number'),
  column('prompt', ['request_num_prefill_tokens'], 'count'),
  column('output', ['request_num_decode_tokens'], 'count'),
];

/**
 * Vidur's request_metrics.csv (microsoft/vidur, vidur/metrics): seconds of simulated time from each request's arrival. Arrivals stand in a
 * column of some versions; of others they are the sum of `request_inter_arrival_delay`, in the order of the requests.
 *
 * @throws Fault `trace-io/no-start-times` where a file has neither, `trace-io/time-order` where requests that only follow each other are out of order
 */
export const vidurMetrics: TraceFormat = {
  name: 'vidur-metrics',
  description: 'Vidur request_metrics.csv',
  recognise: ({ headerNames }) =>
    ['request_e2e_time', 'prefill_e2e_time', 'request_num_prefill_tokens'].every((name) => headerNames.includes(name)),
  async read(input, options) {
    const builder = new RequestBuilder(input.file, 'snapped');
    const { head, path, columns: mapping } = options;
    const { headerNames } = head;
    const fault = (code: `trace-io/${string}`, line: number, rule: string) =>
      new Fault(code, { what: 'request of Vidur', file: input.file, line, rule });
    const tellsArrival = headerNames.some((name) => /^(?:request_)?arrived_at$/.test(name));
    if (!tellsArrival && !headerNames.includes('request_inter_arrival_delay')) {
      throw fault('trace-io/no-start-times', 1, 'must have request_arrived_at or request_inter_arrival_delay');
    }
    let since = 0;
    let before = -1;
    await readRequestRows(input, { delimiter: head.delimiter, path, mapping }, COLUMNS, (cells, line) => {
      const id = cells.number('id');
      if (!tellsArrival) {
        if (id <= before)
          throw fault('trace-io/time-order', line, 'must come after the request before it, by Request Id');
        const delay = cells.number('since');
        since += Number.isNaN(delay) ? 0 : delay;
        before = id;
      }
      const arrivalSec = tellsArrival ? cells.number('arrived') : since;
      builder.add(String(id), line, {
        arrivalSec,
        scheduledSec: arrivalSec + cells.number('delay'),
        firstTokenSec: arrivalSec + cells.number('prefill'),
        lastTokenSec: arrivalSec + cells.number('e2e'),
        promptTokens: cells.number('prompt'),
        outputTokens: cells.number('output'),
      });
    });
    return builder.trace({
      format: 'vidur-metrics',
      clock: 'simulated time, seconds',
      timeUnit: 's',
      queueInPrefill: 'no',
      firstTokenWithPrefill: true,
      settings: { engine: 'Vidur', ...options.settings },
    });
  },
};
