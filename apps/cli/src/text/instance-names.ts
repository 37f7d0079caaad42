import type { NameColumn } from '@stepclock/trace-io';

/** Names that are said before the rest are counted. */
const NAMED = 4;

/** `3 instances (a, b, c)` where a file tells several apart, engines or runs, each of which has a clock of its own; undefined where it is one. */
export const instanceNames = (instances: NameColumn | undefined): string | undefined => {
  if (instances === undefined || instances.length < 2) return undefined;
  const names = Array.from({ length: Math.min(instances.length, NAMED) }, (_, i) => instances.at(i));
  const rest = instances.length - names.length;
  return `${instances.length} instances (${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
};
