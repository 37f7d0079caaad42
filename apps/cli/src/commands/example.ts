import { defineVerb } from '../verb.js';

export const example = defineVerb({
  command: 'example',
  describe: 'run the published estimators on their two published examples',
  options: (yargs) => yargs,
  run: async (_args, session) => (await import('../verbs/example.js')).runExample(session),
});
