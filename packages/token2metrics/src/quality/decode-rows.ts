import { listed } from '@stepclock/faults';
import { dataset, featureTable, leastSquares } from '@stepclock/regression';
import { metricRows } from '../model/training-rows.js';
import { cannotBeFitted } from '../regressors/cannot-be-fitted.js';
import { relativeWeights } from '../regressors/fit-physics.js';
import { inputOf, outputOf } from '../regressors/tokens.js';
import type { Measurements } from '../table/measurements.js';
import type { Finding } from './finding.js';

/** How far from a whole number of tokens the counting may seem off. */
const COUNT_TOLERANCE = 0.3;

/** Rows without decode steps, decode times that count one step less than tokens, and parts that do not make up the total. */
export const decodeRows = (table: Measurements): Finding[] => {
  const { decode } = table.values;
  const { outputTokens } = table;
  const findings: Finding[] = [];
  if (decode && outputTokens) {
    const empty = Int32Array.from(decode.keys()).filter((row) => decode[row] === 0 && outputTokens[row] <= 1);
    if (empty.length > 0) {
      findings.push({
        code: 'no-decode-steps',
        metric: 'decode',
        count: empty.length,
        rows: empty,
        message: `${empty.length} row(s) of one output token have a decode time of 0: the first token comes with the prefill; they say nothing about decoding and are left out of it, and without another duration of energy and power too`,
        droppable: false,
      });
    }
    const uncounted = Int32Array.from(decode.keys()).filter((row) => decode[row] > 0 && outputTokens[row] < 1);
    if (uncounted.length > 0) {
      findings.push({
        code: 'decode-without-tokens',
        metric: 'decode',
        count: uncounted.length,
        rows: uncounted,
        message: `${uncounted.length} row(s) have a decode time beside 0 output tokens (line ${listed(
          [...uncounted].map((row) => table.line[row]),
          3,
        )}): nobody counted their answers, and they are left out of all but the time to first token`,
        droppable: false,
      });
    }
    const missing = countedSteps(table);
    if (missing !== undefined && Math.abs(missing - 1) < COUNT_TOLERANCE) {
      findings.push({
        code: 'off-by-one-decode',
        metric: 'decode',
        count: table.length,
        rows: new Int32Array(0),
        message:
          `decode times count one step less than output tokens (${missing.toFixed(2)} less): the first token comes with the prefill. ` +
          'Decode time per token is decode time / (output tokens - 1); the models account for it',
        droppable: false,
      });
    }
  }
  const apart = partsApart(table);
  if (apart.length > 0) {
    findings.push({
      code: 'parts-do-not-add-up',
      metric: 'total',
      count: apart.length,
      rows: apart,
      message: `${apart.length} row(s) have a total that is not prefill + decode within 1 % (line ${table.line[apart[0]]} is the first): something else was timed too`,
      droppable: false,
    });
  }
  return findings;
};

/** By how many steps the decode falls short of the output tokens: the zero of `decode = a (O - missing) + m (context)`. */
const countedSteps = (table: Measurements): number | undefined => {
  const { tokens, target } = metricRows(table, 'decode');
  const output = outputOf(tokens);
  if (!output || target.length < 12) return undefined;
  const input = inputOf(tokens) ?? new Float64Array(output.length);
  try {
    const { model } = leastSquares(
      dataset(
        featureTable(['output', 'context'], [output, output.map((o, i) => o * input[i] + (o * (o - 1)) / 2)]),
        target,
        relativeWeights(target),
      ),
    );
    return -model.intercept / model.coefficients[0];
  } catch (error) {
    if (cannotBeFitted(error)) return undefined;
    throw error;
  }
};

const partsApart = ({ values: { ttft, decode, total }, length }: Measurements): Int32Array => {
  if (!ttft || !decode || !total) return new Int32Array(0);
  return Int32Array.from({ length }, (_, row) => row).filter((row) => {
    const measured = total[row];
    return Math.abs(ttft[row] + decode[row] - measured) > 0.01 * measured;
  });
};
