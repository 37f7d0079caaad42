import { useRef } from 'preact/hooks';
import type { ComparisonView as Compared, GivenFile, Summary } from '../../messages.js';
import { pickedFiles } from '../files.js';
import { save } from '../saved.js';

interface CompareProps {
  readonly a: Summary;
  readonly b: Summary | undefined;
  readonly comparison: Compared | undefined;
  readonly state: string;
  readonly onFiles: (files: readonly GivenFile[]) => void;
}

/** A second log beside the first: what got slower, and what of it is the load. */
export const CompareView = ({ a, b, comparison, state, onFiles }: CompareProps) => {
  const input = useRef<HTMLInputElement>(null);
  return (
    <section aria-labelledby="compare-title" id="compare">
      <h2 id="compare-title">Compare</h2>
      <p>Another log beside this one says whether the engine got slower, and what of it is the load.</p>
      <input
        ref={input}
        type="file"
        multiple
        class="spoken"
        tabIndex={-1}
        aria-label="Second log"
        onChange={({ currentTarget }) => {
          const files = pickedFiles(currentTarget);
          currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
      <div class="buttons">
        <button type="button" onClick={() => input.current?.click()}>
          Choose a second log
        </button>
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
          A: {a.name}
          <br />
          B: {b.name}. {b.headline}
        </p>
      )}
      {comparison === undefined ? null : <pre data-comparison>{comparison.text}</pre>}
    </section>
  );
};
