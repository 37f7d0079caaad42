/** What the page computes with beside the packages: the program's own choices and words, so that both say the same. */

export { phaseAnswer } from '../../../cli/src/commands/estimate/phase-answer.js';
export { tokenAnswer, tokenModelOf } from '../../../cli/src/commands/estimate/token-answer.js';
export { tokenEstimate } from '../../../cli/src/commands/estimate/token-evidence.js';
export { limitsOf } from '../../../cli/src/commands/model/limits.js';
export { chromeTrace } from '../../../cli/src/commands/trace/chrome-trace.js';
export { rebuiltStepsCsv } from '../../../cli/src/commands/trace/rebuilt-steps.js';
export { readingJson, stepModelOf, warnOfStepFacts } from '../../../cli/src/commands/trace/step-model-of.js';
export { blisHeaderPath, isBlisHeader } from '../../../cli/src/files/blis-header.js';
export { finiteJson } from '../../../cli/src/files/finite-json.js';
export type { TraceInput } from '../../../cli/src/files/trace-input.js';
export { about, inputFault, verdictOn } from '../../../cli/src/session/errors.js';
export type { Session } from '../../../cli/src/session/session.js';
export { betaCells } from '../../../cli/src/text/estimate-text.js';
export { leftOutText, warnOfLeftOut } from '../../../cli/src/text/left-out.js';
export { clockFacts } from '../../../cli/src/text/token-clock-text.js';
