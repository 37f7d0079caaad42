import { type StepClockDetails, stepClockDetails, type TokenClockEstimate } from '@stepclock/beta-estimators';
import { groupedText } from '@stepclock/charts';
import { isFault, type Warning } from '@stepclock/faults';
import { type EngineFit, EnginesFitter, type StepColumns } from '@stepclock/step-model';
import type { Trace } from '@stepclock/trace-io';
import type { GivenFile, Part, Summary } from '../messages.js';
import { logsOf } from './files/logs-of.js';
import { readLog } from './files/read-log.js';
import { firstRequests } from './first-requests.js';
import {
  about,
  clockFacts,
  inputFault,
  leftOutText,
  phaseAnswer,
  readingJson,
  type Session,
  stepModelOf,
  type TraceInput,
  tokenAnswer,
  tokenEstimate,
  tokenModelOf,
  warnOfLeftOut,
  warnOfStepFacts,
} from './program.js';
import { type Fitted, phaseHeading, stepsHeading, summaryOf, tokensHeading } from './summary.js';

/** A log with its model, for the views. */
export interface AnsweredLog {
  readonly trace: Trace;
  readonly name: string;
  /** The object of the model's file. */
  readonly model: object;
  readonly evidence:
    | { readonly kind: 'tokens'; readonly estimate: TokenClockEstimate }
    | { readonly kind: 'steps'; readonly engine: EngineFit; readonly steps: StepColumns }
    | { readonly kind: 'phases'; readonly details: StepClockDetails | undefined; readonly engines: number };
}

/** Takes what the program would write to its log. */
const listener = (): { readonly notes: string[]; readonly session: Pick<Session, 'log'> } => {
  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  return { notes, session: { log: { error: note, warn: note, info: () => undefined, debug: () => undefined } } };
};

/** What the checks say, by what was checked. */
const namedLine = (line: string): readonly [string, string] => {
  const [, name, fact] = /^\s*(check|overhead)\s+(.*)$/.exec(line) ?? [];
  return name === undefined || fact === undefined ? ['replay', line] : [name, fact];
};

/** Settings of the command line that the page leaves as they are. */
const NO_OPTIONS = {};

/** Reads logs and answers as `stepclock estimate` (of a step log `stepclock steps`) does; `tell` gets every part as soon as it stands. */
export const answeredLog = async (
  files: readonly GivenFile[],
  version: string,
  tell: (part: Part) => void,
): Promise<AnsweredLog> => {
  const inputs: TraceInput[] = [];
  for (const log of await logsOf(files)) {
    let told = 0;
    const onShare = (share: number): void => {
      if (share - told < 0.05) return;
      told = share;
      tell({ part: 'progress', text: `Reading ${log.file.name}`, share });
    };
    inputs.push(await readLog(log, onShare));
  }
  const [input] = inputs;
  if (input === undefined) throw inputFault('log', 'must be a file');
  const { notes, session } = listener();
  for (const { trace, name } of inputs) {
    for (const { unreadable, count, message } of trace.exclusions) {
      if (unreadable) notes.push(`${name}: ${count} left out: ${message}`);
    }
  }
  const show = (fitted: Fitted): Summary => {
    const summary = summaryOf({ ...fitted, notes: [...notes] });
    tell({ part: 'summary', summary });
    return summary;
  };
  tell({ part: 'progress', text: 'Fitting', share: null });
  if (inputs.length === 1 && input.trace.steps !== undefined) return answeredSteps(input, version, session, show);
  if (inputs.length === 1) firstLook(input, version, show);
  const found = tokenEstimate(inputs, NO_OPTIONS, session);
  if (found !== undefined) return answeredTokens(found, input, version, session, show, tell);

  const answer = phaseAnswer(inputs, 'step-clock', NO_OPTIONS, undefined, session);
  const { input: joined, phases, estimate, read } = answer;
  warnOfLeftOut(joined.trace.exclusions, read, session.log);
  const model = answer.modelOf(version);
  const isClock = estimate.algo === 'step-clock';
  show({
    name: joined.name,
    heading: phaseHeading(answer),
    format: joined.trace.facts.format,
    method: isClock ? `step-clock, ${estimate.verdict.sentence}` : estimate.algo,
    estimate,
    facts: answer.lines.map((line) => ['physics', line] as const),
    warnings: estimate.warnings,
    leftOut: leftOutText(joined.trace.exclusions, read),
    model,
    isFinal: true,
  });
  const engines = phases.instanceIds?.length ?? 1;
  return {
    trace: inputs.length === 1 ? input.trace : joined.trace,
    name: joined.name,
    model,
    evidence: {
      kind: 'phases',
      details: engines === 1 && isClock ? stepClockDetails(phases, estimate.options) : undefined,
      engines,
    },
  };
};

/** Of a long log, what its first requests say, until the whole is fitted. */
const firstLook = (input: TraceInput, version: string, show: (fitted: Fitted) => void): void => {
  const { trace, name } = input;
  const tokens = trace.kind === 'phases' ? trace.tokens && firstRequests(trace.tokens) : undefined;
  if (tokens === undefined || trace.kind !== 'phases') return;
  try {
    const first: TraceInput = { ...input, requests: tokens.requestCount, trace: { ...trace, tokens } };
    const estimate = tokenEstimate([first], { evidence: 'tokens' }, listener().session);
    if (estimate === undefined) return;
    show({
      name,
      heading: `${name} (${trace.facts.format}): a first look, at ${groupedText(tokens.requestCount)} of ${groupedText(trace.requests?.length ?? 0)} requests; the whole log follows`,
      format: trace.facts.format,
      method: 'token-clock',
      estimate,
      facts: [],
      warnings: [],
      leftOut: [],
      model: tokenModelOf(estimate, first, {}, version),
      isFinal: false,
    });
  } catch (error) {
    // The whole log may tell what its beginning does not, and says itself what is wrong.
    if (!isFault(error)) throw error;
  }
};

const answeredTokens = (
  found: TokenClockEstimate,
  input: TraceInput,
  version: string,
  session: Pick<Session, 'log'>,
  show: (fitted: Fitted) => void,
  tell: (part: Part) => void,
): AnsweredLog => {
  const { trace, name, requests } = input;
  const read = requests ?? found.clock.requests;
  warnOfLeftOut(trace.exclusions, read, session.log, found.clock.requests - read);
  const shown = (estimate: TokenClockEstimate, model: object, isFinal: boolean, lines: readonly string[]): void =>
    show({
      name,
      heading: tokensHeading(input, found),
      format: trace.facts.format,
      method: "token-clock: the engine's steps from the times of its tokens",
      estimate,
      facts: [...clockFacts(estimate), ...lines.map(namedLine)],
      warnings: estimate.warnings,
      leftOut: leftOutText(trace.exclusions, read),
      model,
      isFinal,
    });
  // The first result at once; what is checked against it takes as long again.
  shown(found, tokenModelOf(found, input, {}, version), false, []);
  tell({ part: 'progress', text: 'Checking against first and last tokens', share: null });
  const { estimate, further, lines } = tokenAnswer(found, input, NO_OPTIONS, undefined, session);
  const model = tokenModelOf(estimate, input, further, version);
  shown(estimate, model, true, lines);
  return { trace, name, model, evidence: { kind: 'tokens', estimate } };
};

const answeredSteps = (
  input: TraceInput,
  version: string,
  session: Pick<Session, 'log'>,
  show: (fitted: Fitted) => void,
): AnsweredLog => {
  const { trace, name } = input;
  if (trace.steps === undefined) throw inputFault(name, 'must be a step log');
  const { steps } = trace;
  warnOfStepFacts(input, session.log);
  const fits = about(name, () => {
    const fitter = new EnginesFitter();
    fitter.add(steps);
    return fitter.fits();
  });
  const [engine] = fits;
  if (engine === undefined) throw inputFault(name, 'must have a step');
  const { json, warnings } = stepModelOf(engine.fit, engine.warnings, undefined);
  const model = { ...json, ...readingJson(engine), stepclock_version: version };
  const others: readonly Warning[] =
    fits.length === 1
      ? []
      : [
          {
            code: 'several-engines',
            message: `the log has ${fits.length} engines; this is ${engine.name} alone (stepclock steps shows all of them)`,
          },
        ];
  show({
    name,
    heading: stepsHeading(input, engine),
    format: trace.facts.format,
    method: `the engine's own step log, ${engine.reading.time === 'period' ? 'from end to end of its steps' : 'as long as it says that its steps took'}`,
    estimate: engine.fit,
    facts: [],
    warnings: [...others, ...warnings],
    leftOut: leftOutText(trace.exclusions, steps.length),
    model,
    isFinal: true,
  });
  return { trace, name, model, evidence: { kind: 'steps', engine, steps } };
};
