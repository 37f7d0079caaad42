import type { Summary } from '../../messages.js';
import { Facts } from '../facts.js';
import { unbroken } from '../unbroken.js';

/** The answer in one sentence, and the coefficients with where the mean step's time goes. */
export const VerdictView = ({ summary }: { readonly summary: Summary }) => {
  const { heading, headline, sentences, method, coefficients, level, warnings, isFinal, facts } = summary;
  const interval = level === null ? 'Interval' : `${+(100 * level).toFixed(2)} % interval`;
  return (
    <section aria-labelledby="verdict-title" id="verdict">
      <h2 id="verdict-title" class="spoken">
        Verdict
      </h2>
      <p class="heading">{unbroken(heading)}</p>
      <p class="headline" data-headline>
        {headline}
      </p>
      <p class="more">{unbroken(sentences.join(' '))}</p>
      <div class="shares" aria-hidden="true">
        {coefficients.map(({ label, phrase, share, shareText }, t) =>
          share === null || share < 0.003 ? null : (
            <div
              key={label}
              class={`share share-${t % 8}`}
              style={{ flexGrow: String(share) }}
              title={`${phrase}: ${shareText}`}
            >
              <span>{share > 0.06 ? `${phrase} ${shareText}` : ''}</span>
            </div>
          ),
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
      <section class="table" aria-label="Coefficients" tabIndex={0}>
        <table>
          <caption class="spoken">Coefficients</caption>
          <thead>
            <tr>
              <th scope="col">Coefficient</th>
              <th scope="col" class="number">
                Value
              </th>
              <th scope="col">{interval}</th>
              <th scope="col" class="number">
                Of the mean step
              </th>
              <th scope="col" class="number">
                Seconds
              </th>
            </tr>
          </thead>
          <tbody>
            {coefficients.map(({ label, phrase, value, interval: range, shareText, seconds, unit }) => (
              <tr key={label} data-coefficient={label}>
                <th scope="row">
                  {label} <span class="phrase">{phrase}</span>
                </th>
                <td class="number">{value}</td>
                <td>{range === '' ? 'not told' : range}</td>
                <td class="number">{shareText}</td>
                <td class="number soft" data-seconds={seconds}>
                  {seconds} {unit}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="method">
        {method}
        {isFinal ? '' : ' (the rest is on its way)'}
        {warnings.length === 0 ? (
          ''
        ) : (
          <>
            {' '}
            <a href="#warnings">{warnings.length === 1 ? 'one warning' : `${warnings.length} warnings`}</a>
          </>
        )}
      </p>
      {facts.length === 0 ? null : <Facts facts={facts} label="What the clock saw" isWordy />}
    </section>
  );
};
