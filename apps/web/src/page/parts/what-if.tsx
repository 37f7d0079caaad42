import { durationText, groupedText, percentText } from '@stepclock/charts';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LoadFacts, WhatIfAnswer, WhatIfReply, WhatIfSettings } from '../../messages.js';
import { capacityDrawing } from '../../views/capacity.js';
import { Facts } from '../facts.js';
import { Figure } from '../figure.js';
import type { Thread } from '../thread.js';

interface SliderProps {
  readonly name: string;
  readonly text: string;
  readonly value: number;
  readonly stops: readonly number[];
  readonly onValue: (value: number) => void;
}

/** A slider over stops, so that small and large values are as easy to reach. */
const Slider = ({ name, text, value, stops, onValue }: SliderProps) => {
  const nearest = stops.reduce(
    (best, stop, k) => (Math.abs(stop - value) < Math.abs(stops[best] - value) ? k : best),
    0,
  );
  return (
    <label class="slider">
      <span>
        {name} <output>{text}</output>
      </span>
      <input
        type="range"
        min={0}
        max={stops.length - 1}
        step={1}
        value={nearest}
        aria-label={name}
        aria-valuetext={text}
        onInput={({ currentTarget }) => onValue(stops[Number(currentTarget.value)])}
      />
    </label>
  );
};

/** Two digits, from a value to another, in equal factors. */
const byFactors = (from: number, to: number, count: number): readonly number[] => [
  ...new Set(Array.from({ length: count }, (_, k) => Number((from * (to / from) ** (k / (count - 1))).toPrecision(2)))),
];

const SEQS = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];
const BUDGETS = [128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];
const HITS = Array.from({ length: 20 }, (_, k) => k / 20);
const LIMITS_MS = byFactors(5, 60_000, 60);
const TPOT_MS = byFactors(2, 1000, 50);

/** The value among the stops, whatever the log says. */
const stopped = (stops: readonly number[], value: number): number =>
  stops.reduce((best, stop) => (Math.abs(stop - value) < Math.abs(best - value) ? stop : best), stops[0]);

/** Where nothing is known, what vLLM does by itself. */
const startOf = ({ settings, ratePerSec }: LoadFacts, given: Partial<WhatIfSettings> | undefined): WhatIfSettings => ({
  maxNumSeqs: settings.maxNumSeqs ?? 256,
  maxNumBatchedTokens: settings.maxNumBatchedTokens ?? 8192,
  ttftMs: stopped(LIMITS_MS, 500),
  tpotMs: stopped(TPOT_MS, 50),
  prefixHits: 0,
  ratePerSec: ratePerSec ?? 1,
  ...given,
});

interface WhatIfProps {
  readonly load: LoadFacts;
  readonly thread: Thread;
  readonly answer: WhatIfReply | undefined;
  readonly given: Partial<WhatIfSettings> | undefined;
  readonly onSettings: (settings: WhatIfSettings) => void;
}

/** Sliders over the load and the engine's settings; the capacity curve follows. */
export const WhatIfView = ({ load, thread, answer, given, onSettings }: WhatIfProps) => {
  const [settings, setSettings] = useState(() => startOf(load, given));
  const waiting = useRef(false);
  const next = useRef<WhatIfSettings>();
  const shown = useRef(settings);
  const ask = (asked: WhatIfSettings): void => {
    // One question at a time: of those that come meanwhile, the last is asked.
    if (waiting.current) {
      next.current = asked;
      return;
    }
    waiting.current = true;
    shown.current = asked;
    thread.ask({ ask: 'what-if', settings: asked });
  };
  useEffect(() => {
    thread.ask({ ask: 'load', load });
    ask(settings);
  }, [load]);
  useEffect(() => {
    waiting.current = false;
    const { current } = next;
    next.current = undefined;
    if (current !== undefined) ask(current);
  }, [answer]);
  const change = (part: Partial<WhatIfSettings>): void => {
    const changed = { ...settings, ...part };
    setSettings(changed);
    onSettings(changed);
    ask(changed);
  };
  const { maxNumSeqs, maxNumBatchedTokens, ttftMs, tpotMs, prefixHits, ratePerSec } = settings;
  const rates = byFactors(
    (load.ratePerSec ?? 1) / 8,
    Math.max(1.5 * (answer?.answer?.saturationPerSec ?? 8), load.ratePerSec ?? 1),
    80,
  );
  const rateText = `${Number(ratePerSec.toPrecision(3))} requests/s`;
  return (
    <section aria-labelledby="what-if-title" id="what-if">
      <h2 id="what-if-title">What if</h2>
      <div class="sliders">
        <Slider
          name="Rate"
          text={rateText}
          value={ratePerSec}
          stops={rates}
          onValue={(value) => change({ ratePerSec: value })}
        />
        <Slider
          name="max_num_seqs"
          text={groupedText(maxNumSeqs)}
          value={maxNumSeqs}
          stops={SEQS}
          onValue={(value) => change({ maxNumSeqs: value })}
        />
        <Slider
          name="Token budget"
          text={`${groupedText(maxNumBatchedTokens)} tokens a step`}
          value={maxNumBatchedTokens}
          stops={BUDGETS}
          onValue={(value) => change({ maxNumBatchedTokens: value })}
        />
        <Slider
          name="TTFT p95 limit"
          text={durationText(ttftMs / 1e3)}
          value={ttftMs}
          stops={LIMITS_MS}
          onValue={(value) => change({ ttftMs: value })}
        />
        <Slider
          name="TPOT p95 limit"
          text={durationText(tpotMs / 1e3)}
          value={tpotMs}
          stops={TPOT_MS}
          onValue={(value) => change({ tpotMs: value })}
        />
        <Slider
          name="Prefix hits"
          text={percentText(prefixHits, 0)}
          value={prefixHits}
          stops={HITS}
          onValue={(value) => change({ prefixHits: value })}
        />
      </div>
      {answer?.answer == null ? (
        <p class="soft">{answer?.why}</p>
      ) : (
        <Answer answer={answer.answer} settings={shown.current} />
      )}
    </section>
  );
};

const sec = (value: number | null): string => (value === null ? '-' : durationText(value));

const Answer = ({ answer, settings }: { readonly answer: WhatIfAnswer; readonly settings: WhatIfSettings }) => {
  const { holdsPerSec, binding, saturationPerSec, atRate, requests } = answer;
  const rate = (value: number): string => `${Number(value.toPrecision(3))} requests/s`;
  const verdict =
    holdsPerSec === null
      ? `No rate keeps both limits: ${binding} breaks first.`
      : `One engine keeps both limits up to about ${rate(holdsPerSec)}; ${binding === null ? 'its saturation' : binding} ends it.`;
  const draw = useMemo(() => capacityDrawing(answer, settings), [answer, settings]);
  return (
    <>
      <p class="more" aria-live="polite" data-what-if>
        {verdict}
      </p>
      <Figure name="capacity" title="Latency over the rate" words={verdict} draw={draw} height={360} />
      <Facts
        label="At the rate"
        facts={[
          ['saturation', rate(saturationPerSec)],
          ['TTFT p95 at the rate', sec(atRate.ttftSec)],
          ['TPOT p95 at the rate', sec(atRate.tpotSec)],
          ['requests within both limits', percentText(atRate.goodShare, 1)],
          ['time in which a step runs', percentText(atRate.utilisation, 1)],
          ['mean decode batch', atRate.decodeSeqs.toFixed(1)],
          ['output', `${groupedText(atRate.outputTokensPerSec)} tokens/s`],
        ]}
      />
      <p class="soft">
        A quick look from {groupedText(requests)} requests of the log; stepclock capacity settles the rate and gives its
        band.
      </p>
    </>
  );
};
