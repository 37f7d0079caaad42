import type { Summary } from '../../messages.js';

/** What was left out of the log, and what a reader should know. */
export const WarningsView = ({ summary }: { readonly summary: Summary }) => {
  const { warnings, leftOut, notes } = summary;
  return (
    <section aria-labelledby="warnings-title" id="warnings">
      <h2 id="warnings-title">Left out and warnings</h2>
      {leftOut.length === 0 ? <p>Nothing was left out.</p> : leftOut.map((line) => <p key={line}>{line}</p>)}
      {warnings.length + notes.length === 0 ? <p>No warnings.</p> : null}
      <ul class="warnings">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
        {warnings.map(({ code, message }) => (
          <li key={message}>
            <code>{code}</code> {message}
          </li>
        ))}
      </ul>
    </section>
  );
};
