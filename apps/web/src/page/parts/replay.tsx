import { METRIC_TITLES } from '@stepclock/step-model';
import { useMemo } from 'preact/hooks';
import type { MetricView, ReplayView as Replayed } from '../../messages.js';
import { metricDrawing } from '../../views/replay.js';
import { Figure } from '../figure.js';

const MetricFigure = ({ metric }: { readonly metric: MetricView }) => {
  const draw = useMemo(() => metricDrawing(metric), [metric]);
  return (
    <Figure
      name={metric.metric}
      title={METRIC_TITLES[metric.metric].long}
      words={metric.rows.map(([figure, m, r]) => `${figure}: measured ${m}, replayed ${r}`).join('; ')}
      draw={draw}
      height={240}
    >
      <table>
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col" class="number">
              measured
            </th>
            <th scope="col" class="number">
              replayed
            </th>
            <th scope="col" class="number">
              error
            </th>
          </tr>
        </thead>
        <tbody>
          {metric.rows.map(([figure, measured, replayed, error]) => (
            <tr key={figure}>
              <th scope="row">{figure}</th>
              <td class="number">{measured}</td>
              <td class="number">{replayed}</td>
              <td class="number">{error}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Figure>
  );
};

/** What the log measured beside what the model serves of the same requests. */
export const ReplayView = ({ replay, why }: { readonly replay: Replayed | null; readonly why: string }) => (
  <section aria-labelledby="replay-title" id="replay">
    <h2 id="replay-title">Measured against replayed</h2>
    {replay === null ? (
      <p class="soft">{why}</p>
    ) : (
      <>
        <p>{replay.sentence}</p>
        <div class="figures three">
          {replay.metrics.map((metric) => (
            <MetricFigure key={metric.metric} metric={metric} />
          ))}
        </div>
      </>
    )}
  </section>
);
