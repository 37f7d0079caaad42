import { Fault } from '@stepclock/faults';
import { BASE_TERMS } from './base-terms.js';
import { CURVE_TERMS, capturedBatchTerms } from './batch-terms.js';
import { DIAGNOSTIC_TERMS, PREFILL_TERMS } from './prefill-terms.js';
import type { Term } from './term.js';

/** Every term that stepclock knows, in the order of files and texts: the one list that a new term joins. */
export const CATALOGUE: readonly Term[] = [
  ...BASE_TERMS,
  ...PREFILL_TERMS,
  ...CURVE_TERMS,
  ...capturedBatchTerms(),
  ...DIAGNOSTIC_TERMS,
];

/**
 * Terms of a catalogue by name or label, in the catalogue's order.
 *
 * @param names `step`, `beta0`, `prefill_step`, ...; a name that ends in `*` takes all that begin so: `decode_seqs_over_*`
 * @throws Fault `step-cost/unknown-term`
 */
export const termsNamed = (names: readonly string[], catalogue: readonly Term[] = CATALOGUE): readonly Term[] => {
  const wanted = new Set<Term>();
  for (const name of names) {
    const found = catalogue.filter((term) =>
      name.endsWith('*') ? term.name.startsWith(name.slice(0, -1)) : term.name === name || term.label === name,
    );
    if (found.length === 0) throw unknownTerm(name, catalogue);
    for (const term of found) wanted.add(term);
  }
  return catalogue.filter((term) => wanted.has(term));
};

/** The term of a coefficient's label. @throws Fault `step-cost/unknown-term` */
export const termOf = (label: string, catalogue: readonly Term[] = CATALOGUE): Term => {
  const term = catalogue.find((t) => t.label === label || t.name === label);
  if (term === undefined) throw unknownTerm(label, catalogue);
  return term;
};

const unknownTerm = (name: string, catalogue: readonly Term[]): Fault =>
  new Fault('step-cost/unknown-term', {
    what: 'term',
    rule: `must be one of ${families(catalogue).join(', ')}`,
    value: name,
  });

/** Names for messages: families of numbered terms as `decode_seqs_over_*`. */
const families = (catalogue: readonly Term[]): readonly string[] => [
  ...new Set(catalogue.map(({ name }) => name.replace(/\d+$/, '*'))),
];
