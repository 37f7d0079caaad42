import type { ExitCode } from '@stepclock/faults';
import type { Outputs } from '../files/output-paths.js';
import type { Session } from '../session/session.js';
import { type ArgsOf, argsOf, type Found, type OptionSet } from './option.js';

type Example = readonly [command: string, what: string];

interface VerbParts<Positionals extends OptionSet, Options extends OptionSet> {
  readonly positionals?: Positionals;
  readonly options: Options;
  readonly examples?: readonly Example[];
  /** Where the verb writes without being told by an option. */
  readonly outputs?: (args: ArgsOf<Positionals> & ArgsOf<Options>) => Outputs;
  readonly run: (args: ArgsOf<Positionals> & ArgsOf<Options>, session: Session) => Promise<ExitCode>;
}

/** A verb with what it was given. */
interface Call {
  readonly args: Found;
  readonly outputs: Outputs;
  readonly run: (session: Session) => Promise<ExitCode>;
}

/** A verb whose arguments are its own affair. */
export interface Verb {
  readonly positionals: OptionSet;
  readonly options: OptionSet;
  readonly examples: readonly Example[];
  readonly call: (found: Found) => Call;
}

/** Makes a verb; the types of its arguments follow from its options. */
export const defineVerb = <Options extends OptionSet, Positionals extends OptionSet = Record<never, never>>({
  positionals,
  options,
  examples = [],
  outputs = () => ({}),
  run,
}: VerbParts<Positionals, Options>): Verb => ({
  positionals: positionals ?? {},
  options,
  examples,
  call: (found) => {
    const args = { ...argsOf(positionals ?? ({} as Positionals), found, ''), ...argsOf(options, found) };
    return { args, outputs: outputs(args), run: (session) => run(args, session) };
  },
});

/** A verb as the table of commands has it: its words, and where it is loaded from when it is called. */
export interface Entry {
  /** Name and positionals, in yargs' notation. */
  readonly command: string;
  readonly describe: string;
  readonly load: () => Promise<{ readonly verb: Verb }>;
}

/** A noun (`stepclock step-time`) with verbs of its own. */
export interface Noun {
  readonly command: string;
  readonly describe: string;
  readonly verbs: readonly Entry[];
}
