import {
  type LoadShape,
  loadShapeOf,
  type OperatingFigures,
  parseBetasFile,
  parseSlos,
  quickCurve,
} from '@stepclock/step-model';
import type { Trace } from '@stepclock/trace-io';
import type { CurvePoint, LoadFacts, WhatIfAnswer, WhatIfSettings } from '../messages.js';

/** What a log says of its load; null where it does not know its requests. */
export const loadFactsOf = ({ requests, facts }: Trace, json: string, name: string): LoadFacts | null => {
  if (requests === undefined || requests.length === 0) return null;
  const { arrivalSec, promptTokens, outputTokens, cachedTokens, length } = requests;
  const sorted = arrivalSec?.filter((sec) => !Number.isNaN(sec)).sort();
  const spanSec = sorted === undefined || sorted.length < 2 ? 0 : sorted[sorted.length - 1] - sorted[0];
  const { maxNumSeqs = null, maxNumBatchedTokens = null } = facts.settings;
  return {
    ...{ json, name },
    arrivalSec: arrivalSec?.slice() ?? null,
    promptTokens: promptTokens.slice(),
    outputTokens: outputTokens.slice(),
    cachedTokens: cachedTokens?.slice() ?? null,
    settings: { maxNumSeqs, maxNumBatchedTokens },
    ratePerSec: spanSec > 0 ? (length - 1) / spanSec : null,
  };
};

/** The load with so much of each prompt found in a cache; the log's own hits stay where they are more. */
const withHits = (shape: LoadShape, share: number): LoadShape => {
  const { promptTokens, cachedTokens } = shape;
  if (share === 0) return shape;
  // The last token of a prompt is never found: it puts out the first one of the output.
  const found = promptTokens.map((tokens, i) =>
    Math.max(cachedTokens?.[i] ?? 0, Math.min(tokens - 1, Math.round(share * tokens))),
  );
  return { ...shape, cachedTokens: found };
};

const pointOf = ({ ratePerSec, metrics, goodShare, utilisation }: OperatingFigures): CurvePoint => ({
  ...{ ratePerSec, goodShare, utilisation },
  ttftSec: metrics.ttft.p95,
  tpotSec: metrics.tpot.p95,
});

/** Answers for one load, whose model and shape are read once. */
export const whatIf = (load: LoadFacts): ((settings: WhatIfSettings) => WhatIfAnswer) => {
  const model = parseBetasFile(load.json, load.name);
  const { arrivalSec, promptTokens, outputTokens, cachedTokens } = load;
  const shape = loadShapeOf({
    length: promptTokens.length,
    ...{ promptTokens, outputTokens },
    ...(arrivalSec && { arrivalSec }),
    ...(cachedTokens && { cachedTokens }),
  });
  return ({ maxNumSeqs, maxNumBatchedTokens, ttftMs, tpotMs, prefixHits, ratePerSec }) => {
    const slos = parseSlos(`ttft:p95:${ttftMs}ms tpot:p95:${tpotMs}ms`);
    const limits = {
      maxNumSeqs,
      maxNumBatchedTokens: Math.max(maxNumSeqs, maxNumBatchedTokens),
      ...(model.policy != null && { prefillFirst: model.policy === 'prefill-first' }),
    };
    const { curve, atRate, ...found } = quickCurve(model, withHits(shape, prefixHits), slos, limits, ratePerSec);
    const at = atRate ?? curve[0];
    return {
      ...found,
      curve: curve.map(pointOf),
      atRate: { ...pointOf(at), decodeSeqs: at.decodeSeqs, outputTokensPerSec: at.outputTokensPerSec },
    };
  };
};
