import type { ArgumentsCamelCase, Argv, Options } from 'yargs';
import type { ExitCode } from './exit-code.js';
import type { Session } from './session.js';

/**
 * One verb of the command line. A command module holds only words and options, so that starting up stays cheap; what computes
 * is imported inside `run`.
 */
export interface Verb<A = object> {
  /** Name and positionals, in yargs' notation. */
  readonly command: string;
  readonly describe: string;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  readonly options: (yargs: Argv) => Argv<A>;
  readonly run: (args: ArgumentsCamelCase<A>, session: Session) => Promise<ExitCode>;
}

/** A noun (`stepclock step-time`) with verbs of its own. */
export interface Noun {
  readonly command: string;
  readonly describe: string;
  readonly verbs: readonly AnyVerb[];
}

/** A verb whose argument type is its own affair. */
export type AnyVerb = Verb<never> | Noun;

/** Makes a verb, inferring the types of its arguments from its options. */
export const defineVerb = <A>(verb: Verb<A>): Verb<never> => verb as unknown as Verb<never>;

/** `--json [PATH|-]`: one object, to a file or to standard output. */
export const jsonOption = {
  json: {
    type: 'string',
    describe: 'write the result as one JSON object to PATH; alone or with -, to standard output instead of the text',
    coerce: (value: unknown): string => (value === '' || value === true ? '-' : String(value)),
  },
} as const satisfies Record<string, Options>;
