import type { ComparisonView, GivenFile, Summary } from '../../messages.js';
import { save } from '../saved.js';
import { unbroken } from '../unbroken.js';
import { FilePicker } from './file-picker.js';

interface CompareProps {
  readonly a: Summary;
  readonly b: Summary | undefined;
  readonly comparison: ComparisonView | undefined;
  readonly state: string;
  readonly onFiles: (files: readonly GivenFile[]) => void;
}

/** The program's text: sentences that fit any width, and its table. */
const Compared = ({ text }: { readonly text: string }) => {
  const [sentences = '', ...tables] = text.trimEnd().split('\n\n');
  return (
    <div data-comparison>
      {sentences.split('\n').map((sentence) => (
        <p key={sentence}>{unbroken(sentence)}</p>
      ))}
      {tables.length === 0 ? null : <pre>{tables.join('\n\n')}</pre>}
    </div>
  );
};

/** A second log beside the first: what got slower, and what of it is the load. */
export const CompareView = ({ a, b, comparison, state, onFiles }: CompareProps) => {
  return (
    <section aria-labelledby="compare-title" id="compare">
      <h2 id="compare-title">Compare</h2>
      <p>Another log beside this one says whether the engine got slower, and what of it is the load.</p>
      <div class="buttons">
        <FilePicker label="Second log" text="Choose a second log" onFiles={onFiles} />
        {comparison === undefined ? null : (
          <button type="button" onClick={() => save('comparison.json', [comparison.json], 'application/json')}>
            Comparison as JSON
          </button>
        )}
      </div>
      <p class="soft" aria-live="polite">
        {state}
      </p>
      {b === undefined ? null : (
        <p>
          A: {a.heading}
          <br />
          B: {b.heading}. {b.headline}
        </p>
      )}
      {comparison === undefined ? null : <Compared text={comparison.text} />}
    </section>
  );
};
