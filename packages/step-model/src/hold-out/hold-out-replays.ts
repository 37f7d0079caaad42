import type { EngineLimits } from '@stepclock/engine-sim';
import type { Betas } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import type { ComparedMetric } from '../replay/metric-comparison.js';
import { replay } from '../replay/replay.js';
import type { MetricName } from '../replay/serving-metrics.js';
import type { MeasuredServing } from '../serving/measured-serving.js';
import type { TraceWindow } from './hold-out.js';

/** A part of a log with what was fitted to it alone. */
export interface FittedPart {
  readonly window: TraceWindow;
  readonly betas: Betas;
  readonly serving?: MeasuredServing | undefined;
  readonly promptOffsetTokens?: number | undefined;
}

/** A part of a log, served again with what was fitted to it or to another part. */
export interface PartReplay {
  readonly fittedOn: TraceWindow;
  readonly served: TraceWindow;
  /** Whether the fit has not seen what was served. */
  readonly isHeldOut: boolean;
  readonly metrics: Readonly<Record<MetricName, ComparedMetric>>;
  readonly counted: Readonly<Record<MetricName, number>>;
}

/**
 * Every part of a log served again with the fit of every part. The whole log is served each time, so that no part starts on an empty engine; only
 * requests that arrive in the served part count.
 *
 * @throws Fault as `replay` does
 */
export const holdOutReplays = (
  requests: RequestTable,
  parts: readonly FittedPart[],
  settings: EngineLimits = {},
  engine?: string,
): readonly PartReplay[] =>
  parts.flatMap((fitted) =>
    parts.map((served) => {
      const { overhead, rules } = fitted.serving ?? {};
      const [countFromSec, countToSec] = served.window;
      const { metrics, counted } = replay(requests, fitted.betas, settings, {
        ...(overhead && { overhead }),
        ...(rules && { rules }),
        ...(fitted.promptOffsetTokens !== undefined && { promptOffsetTokens: fitted.promptOffsetTokens }),
        ...(engine !== undefined && { engine }),
        countFromSec,
        countToSec,
      });
      return { fittedOn: fitted.window, served: served.window, isHeldOut: fitted !== served, metrics, counted };
    }),
  );
