import type { WindowReport } from '@stepclock/beta-estimators';
import type { Term } from '@stepclock/step-cost';
import { durationText, grouped, percent, significant } from './quantity.js';
import { tableText } from './table.js';

/** The windows of a fit, one a line: when, how many steps, what each says by itself, how far its rows are off, and why it is set aside. */
export const windowsText = (windows: readonly WindowReport[], terms: readonly Term[]): string => {
  const [first] = windows;
  const origin = first?.startSec ?? 0;
  const rows = windows.map(({ startSec, endSec, steps, rows: count, betas, relativeResidual, setAside }) => [
    `  ${significant(startSec - origin, 6)}`,
    significant(endSec - origin, 6),
    grouped(Math.round(steps)),
    grouped(count),
    ...terms.map(({ label }) => (betas?.[label] === undefined ? '' : durationText(betas[label]))),
    percent(relativeResidual),
    setAside ?? '',
  ]);
  const head = ['  from s', 'to s', 'steps', 'rows', ...terms.map(({ label }) => label), 'residual', 'set aside'];
  return `windows\n${tableText([head, ...rows], [head.length - 1])}`;
};
