import { useState } from 'preact/hooks';
import type { Summary } from '../../messages.js';
import { reportHtml } from '../report.js';
import { save, stemOf } from '../saved.js';

interface TakeAwayProps {
  readonly summary: Summary;
  readonly version: string;
  /** Whether the log's steps were rebuilt from token times. */
  readonly hasSteps: boolean;
  readonly onExport: (as: 'csv' | 'chrome-trace') => void;
  readonly linkOf: () => string;
}

/** What the page gives to other programs and people. */
export const TakeAwayView = ({ summary, version, hasSteps, onExport, linkOf }: TakeAwayProps) => {
  const [link, setLink] = useState('');
  const stem = stemOf(summary.name);
  return (
    <section aria-labelledby="take-title" id="take-away">
      <h2 id="take-title">Take away</h2>
      <div class="buttons">
        <button
          type="button"
          disabled={!summary.isFinal}
          onClick={() => save(`${stem}.betas.json`, [summary.json], 'application/json')}
        >
          Model as JSON
        </button>
        <button type="button" onClick={() => save(`${stem}.html`, [reportHtml(summary, version)], 'text/html')}>
          Report as HTML
        </button>
        <button type="button" disabled={!hasSteps} onClick={() => onExport('csv')}>
          Steps as CSV
        </button>
        <button type="button" disabled={!hasSteps} onClick={() => onExport('chrome-trace')}>
          Trace for Perfetto and speedscope
        </button>
        <button
          type="button"
          onClick={() => {
            const made = linkOf();
            setLink(made);
            navigator.clipboard?.writeText(made).catch(() => undefined);
          }}
        >
          Link with these settings
        </button>
      </div>
      {hasSteps ? null : (
        <p class="soft">Steps as CSV and as a trace are made from token times, which this log does not have.</p>
      )}
      {link === '' ? null : (
        <label class="link">
          The link holds settings and no data
          <input type="text" readOnly value={link} onFocus={({ currentTarget }) => currentTarget.select()} />
        </label>
      )}
    </section>
  );
};
