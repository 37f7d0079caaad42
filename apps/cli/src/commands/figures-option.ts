import { textOption } from '../number-option.js';

/** `--report PATH`, and `--figures DIR` or `--no-figures`, of the verbs that draw beside their output by default. */
export const pictureOptions = {
  report: textOption('report', 'write one self-contained HTML report to this path'),
  figures: {
    type: 'string',
    requiresArg: true,
    describe: 'folder of the figures, PNG and SVG [beside the output]; --no-figures draws none',
    coerce: (value: unknown): string | false | undefined =>
      value === undefined || value === false ? value : String(value),
  },
} as const;

/** What these options give. */
export interface PictureArgs {
  readonly report?: string | undefined;
  /** False for `--no-figures`; undefined where the folder of the output is meant. */
  readonly figures?: string | false | undefined;
}
