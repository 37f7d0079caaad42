import { DECODE, type PhaseTable } from '../tables/phase-table.js';
import { tokensOfRows } from '../tables/table-columns.js';

const ROWS_A_CHUNK = 4096;

/**
 * A phase table as CSV text in pieces (a string ends at 512 MB, a table does not): `request_id, phase_type, t_start, t_end, prefill_tokens,
 * decode_tokens` and, where the table has them, `N_steps, cached_tokens, instance_id`. `prefill_tokens` include the cached ones and are empty where nobody knows them. Reading it again gives the
 * same table to the last digit.
 */
export function* phasesCsvChunks(phases: PhaseTable): Generator<string> {
  const { steps, cachedTokens, cut, instance, instanceIds } = phases;
  const header = ['request_id', 'phase_type', 't_start', 't_end', 'prefill_tokens', 'decode_tokens'];
  if (steps) header.push('N_steps');
  if (cachedTokens) header.push('cached_tokens');
  if (instance && instanceIds) header.push('instance_id');
  const tokens = tokensOfRows(phases);
  let lines = [header.join(',')];
  for (let i = 0; i < phases.length; i++) {
    // A bare table has no word for a phase that was cut off.
    if (cut?.[i] === 1) continue;
    const decode = phases.kind[i] === DECODE;
    const cached = decode ? 0 : (cachedTokens?.[i] ?? 0);
    const cells = [
      cell(phases.requestIds.at(phases.request[i])),
      decode ? 'decode' : 'prefill',
      String(phases.startSec[i]),
      String(phases.endSec[i]),
      decode ? '0' : Number.isNaN(tokens(i)) ? '' : String(tokens(i) + cached),
      String(decode ? tokens(i) : 0),
    ];
    if (steps) cells.push(Number.isNaN(steps[i]) ? '' : String(steps[i]));
    if (cachedTokens) cells.push(String(cached));
    if (instance && instanceIds) cells.push(cell(instanceIds.at(instance[i])));
    lines.push(cells.join(','));
    if (lines.length === ROWS_A_CHUNK) {
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** `phasesCsvChunks` in one string. */
export function formatPhasesCsv(phases: PhaseTable): string {
  return [...phasesCsvChunks(phases)].join('');
}

function cell(text: string): string {
  return /[",\r\n]|^\s|\s$|^\uFEFF/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
