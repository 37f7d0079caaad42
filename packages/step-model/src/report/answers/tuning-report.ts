import { curveSpec, modelReport, type Provenance, type ReportData, significantText } from '@stepclock/charts';
import type { Tuning } from '../../tuning/tuning.js';
import { settingText, tuningSentence } from './tuning-text.js';

/** Latency over goodput, a curve a setting, as far as it is on the front. */
const frontFigure = ({ front }: Tuning) => {
  const names = front.map(({ setting }) => settingText(setting));
  const curves = [...new Set(names)].map((name) => {
    const points = front.filter((_, i) => names[i] === name);
    return { name, x: points.map(({ goodputPerSec }) => goodputPerSec), y: points.map(({ latencySec }) => latencySec) };
  });
  return {
    name: 'tuning_front',
    spec: curveSpec({
      title: 'Latency against goodput',
      x: { label: 'Goodput', unit: 'requests/s' },
      y: { label: 'Latency of a request, p95', unit: 's', scale: 'log' },
      curves,
      tickEveryX: false,
    }),
  };
};

interface TuningReportInput {
  readonly tuning: Tuning;
  readonly subtitle: string;
  readonly provenance: Provenance;
}

/** The report of `stepclock tune`. */
export const tuningReport = ({ tuning: found, subtitle, provenance }: TuningReportInput): ReportData => {
  const { inputs, ...how } = provenance;
  const [first] = found.best;
  const isBeyond = found.best.some(({ beyond }) => beyond.length > 0);
  return modelReport(
    {
      title: found.gpus === null ? 'Settings of one engine' : `Layouts of ${found.gpus} GPUs`,
      subtitle,
      tone: first === undefined ? 'bad' : isBeyond || found.warnings.length > 0 ? 'caution' : 'good',
      headline: tuningSentence(found),
      keyFigures: [
        ...(first === undefined
          ? []
          : [{ label: 'Best', value: significantText(first.ratePerSec, 4), unit: 'requests/s' }]),
        ...(found.today === null
          ? []
          : [{ label: 'Today', value: significantText(found.today.ratePerSec, 4), unit: 'requests/s' }]),
      ],
      warnings: found.warnings,
      sections: [
        {
          title: 'Worth confirming on the engine',
          items: found.best.flatMap(({ flags, beyond }) => [
            ...(flags.vllm === null ? [] : [`vLLM: ${flags.vllm}`]),
            `SGLang: ${flags.sglang}`,
            ...beyond,
          ]),
        },
        { title: 'Goodput against latency', figures: found.front.length === 0 ? [] : [frontFigure(found)] },
      ],
      inputs,
    },
    how,
  );
};
