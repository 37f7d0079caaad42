import { betasOfFile, parseBetasFile } from '@stepclock/step-model';
import type { Ask, Reply, WhatIfAnswer, WhatIfReply, WhatIfSettings } from '../messages.js';
import { type AnsweredLog, answeredLog } from './answered-log.js';
import { batchViewOf } from './batch-view.js';
import { comparisonOf } from './comparison.js';
import { chromeTrace, finiteJson, rebuiltStepsCsv, verdictOn } from './program.js';
import { replayViewOf } from './replay-view.js';
import { type Bars, barsOfPhases, barsOfSteps, barsOfTokens } from './step-bars.js';
import { buffersOf, timelineOf } from './timeline.js';
import { loadFactsOf, whatIf } from './what-if.js';
import { windowsViewOf } from './windows-view.js';

/** The log that is shown, and what answers for its load. */
let answered: AnsweredLog | undefined;
let answerFor: ((settings: WhatIfSettings) => WhatIfAnswer) | undefined;

const reply = (message: Reply, moved: Transferable[] = []): void => self.postMessage(message, { transfer: moved });

const barsOf = ({ evidence }: AnsweredLog, betas: Readonly<Record<string, number>>): Bars | undefined => {
  switch (evidence.kind) {
    case 'tokens':
      return barsOfTokens(evidence.estimate.steps, betas);
    case 'steps':
      return barsOfSteps(evidence.steps, betas);
    case 'phases':
      return evidence.details && barsOfPhases(evidence.details);
  }
};

const noteOf = ({ evidence }: AnsweredLog): string => {
  switch (evidence.kind) {
    case 'tokens':
      return evidence.estimate.clock.engines > 1 ? `The first of ${evidence.estimate.clock.engines} engines.` : '';
    case 'steps':
      return '';
    case 'phases':
      return 'The log tells phases, no steps: a bar is a stretch between two boundaries.';
  }
};

const showViews = (log: AnsweredLog): void => {
  const { text } = finiteJson(log.model, 2);
  const betas = betasOfFile(parseBetasFile(text, log.name));
  const bars = barsOf(log, betas);
  if (bars !== undefined && bars.length > 0) {
    reply({ part: 'batch', batch: batchViewOf(bars) });
    reply({ part: 'windows', windows: windowsViewOf(bars, betas) });
    const timeline = timelineOf(bars, log.trace, log.evidence.kind !== 'phases', noteOf(log));
    reply({ part: 'timeline', timeline }, buffersOf(timeline));
  }
  reply({ part: 'load', load: loadFactsOf(log.trace, text, log.name) });
  reply({ part: 'progress', text: 'Serving the log again', share: null });
  reply({ part: 'replay', ...replayViewOf(log.trace, text) });
};

const exported = (as: 'csv' | 'chrome-trace'): readonly string[] => {
  if (answered?.evidence.kind !== 'tokens') throw new Error('only token times are rebuilt as a step log');
  const { steps } = answered.evidence.estimate;
  return [...(as === 'csv' ? rebuiltStepsCsv(steps) : chromeTrace(steps, answered.name))];
};

/** Every question has its answer, for the page asks the next one only then. */
const whatIfReply = (settings: WhatIfSettings): WhatIfReply => {
  const none = (why: string): WhatIfReply => ({ part: 'what-if', answer: null, why });
  if (answerFor === undefined) return none('The load of this log cannot be served.');
  try {
    return { part: 'what-if', answer: answerFor(settings), why: '' };
  } catch (error) {
    return none(verdictOn(error).line);
  }
};

const answer = async (ask: Ask): Promise<void> => {
  switch (ask.ask) {
    case 'open':
      answered = undefined;
      answered = await answeredLog(ask.files, ask.version, reply);
      if (ask.withViews) showViews(answered);
      reply({ part: 'done' });
      return;
    case 'export':
      reply({ part: 'export', pieces: exported(ask.as) });
      return;
    case 'load':
      answerFor = undefined;
      answerFor = whatIf(ask.load);
      return;
    case 'what-if':
      reply(whatIfReply(ask.settings));
      return;
    case 'compare':
      reply({ part: 'comparison', comparison: comparisonOf(ask.a, ask.b, ask.names) });
  }
};

/** One question after another. */
let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Ask>) => {
  last = last.then(() => answer(data)).catch((error: unknown) => reply({ part: 'fault', line: verdictOn(error).line }));
};
