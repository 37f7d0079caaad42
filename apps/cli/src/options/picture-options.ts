import { type Option, text } from './option.js';

/** `--report PATH` and `--figures DIR` of the verbs that draw only where they are asked to. */
export const reportOptions = {
  report: text('write one self-contained HTML report to this path', 'file'),
  figures: text("write the report's figures as SVG and PNG into this folder", 'folder'),
};

const figures: Option<string | false | undefined> = {
  yargs: {
    type: 'string',
    requiresArg: true,
    describe: 'folder of the figures, PNG and SVG [beside the output]; --no-figures draws none',
  },
  role: 'folder',
  parse: (value) => (value === undefined || value === false ? value : String(value)),
};

/** The same of the verbs that draw beside their output by default: false for `--no-figures`. */
export const pictureOptions = { report: reportOptions.report, figures };
