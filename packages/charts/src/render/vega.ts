import type { LoggerInterface, Spec as VegaSpec } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import type { JsonObject } from '../spec.js';
import { orderedIds, roundCoordinates } from './compact-svg.js';
import { textWidth } from './font-metrics.js';

/** What Vega asks the width of. */
interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
  readonly limit?: number;
}

interface TextMetrics {
  width: (item: TextItem, text: string | null) => number;
}

const isBold = (weight: string | number | undefined): boolean => weight === 'bold' || Number(weight) >= 600;

const measured = (item: TextItem, text: string | null): number =>
  textWidth(`${text ?? ''}`.trim(), item.fontSize ?? 11, isBold(item.fontWeight) ? 'bold' : 'normal');

let measuring = 0;
let original: TextMetrics['width'] | undefined;

/**
 * Without a canvas Vega guesses text widths from the number of letters. While we draw, it measures them in the font that
 * the picture is drawn with; other users of Vega in this process keep their own measure.
 */
const withMeasuredText = async <T>(metrics: TextMetrics, work: () => Promise<T>): Promise<T> => {
  if (measuring++ === 0) {
    original = metrics.width;
    metrics.width = measured;
  }
  try {
    return await work();
  } finally {
    if (--measuring === 0 && original !== undefined) metrics.width = original;
  }
};

/** Vega-Lite to Vega. Vega is loaded at the first call: it takes a third of a second. */
export const compileSpec = async (
  vegaLite: JsonObject,
  config: JsonObject,
  onWarning: (message: string) => void = () => undefined,
): Promise<VegaSpec> => {
  const { compile } = await import('vega-lite');
  const logger: LoggerInterface = {
    level: () => logger,
    error: (...message) => report(message),
    warn: (...message) => report(message),
    info: () => logger,
    debug: () => logger,
  };
  const report = (message: readonly unknown[]): LoggerInterface => {
    onWarning(message.join(' '));
    return logger;
  };
  return compile({ ...vegaLite, config } as unknown as TopLevelSpec, { logger }).spec;
};

/** Lays a compiled chart out and draws it as SVG, without a browser. */
export const drawSvg = async (spec: VegaSpec): Promise<string> => {
  const vega = await import('vega');
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  return withMeasuredText(textMetrics, async () => {
    const view = new vega.View(vega.parse(spec), { renderer: 'none' });
    try {
      return roundCoordinates(orderedIds(await view.toSVG()));
    } finally {
      view.finalize();
    }
  });
};
