import { groupedText } from '@stepclock/charts';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Timeline } from '../../messages.js';
import { requestFacts, stepFacts } from '../../views/step-words.js';
import {
  highest,
  LEFT,
  lowerBound,
  OVERVIEW,
  overviewDrawing,
  partsOf,
  type Range,
  RIGHT,
  rangeDrawing,
  timelineDrawing,
} from '../../views/timeline-scene.js';
import { Facts } from '../facts.js';
import { paint, SaveButtons, shownFigures, useRedraw } from '../figure.js';

const HEIGHT = 520;
/** Of the range that is seen, by one key. */
const PAN = 0.2;
const ZOOM = 1.4;
const LEAST_SEC = 1e-4;

type FactList = readonly (readonly [string, string])[];

interface Hover {
  readonly x: number;
  readonly y: number;
  readonly facts: FactList;
}

interface TimelineProps {
  readonly timeline: Timeline;
  readonly range: Range | undefined;
  readonly onRange: (range: Range) => void;
}

const within = ({ fromSec, toSec }: Range, wholeSec: number): Range => {
  const span = Math.max(LEAST_SEC, Math.min(1.02 * wholeSec, toSec - fromSec));
  const from = Math.max(-0.01 * wholeSec, Math.min(1.01 * wholeSec - span, fromSec));
  return { fromSec: from, toSec: from + span };
};

/** Steps as bars, requests as lanes: zoom and pan by wheel, drag, touch and keys. */
export const TimelineView = ({ timeline, range: given, onRange }: TimelineProps) => {
  const { bars, requests, note, isOfSteps } = timeline;
  const wholeSec = bars.endSec[bars.length - 1];
  const whole = { fromSec: 0, toSec: wholeSec };
  const canvas = useRef<HTMLCanvasElement>(null);
  /** Below it, drawn once: the whole log stays as it is while one pans. */
  const overview = useRef<HTMLCanvasElement>(null);
  const range = useRef<Range>(given === undefined ? whole : within(given, wholeSec));
  const most = useRef(0);
  const picked = useRef<number | null>(null);
  const asked = useRef(0);
  const [hover, setHover] = useState<Hover>();
  const [spoken, setSpoken] = useState('');
  if (most.current === 0) most.current = highest(timeline);
  const drawing = () => timelineDrawing(timeline, range.current, most.current, picked.current);
  const redraw = (): void => {
    if (canvas.current !== null)
      paint(canvas.current, rangeDrawing(timeline, range.current, most.current, picked.current));
  };
  const redrawOverview = (): void => {
    if (overview.current !== null) paint(overview.current, overviewDrawing(timeline, most.current));
  };
  const redrawSoon = (): void => {
    cancelAnimationFrame(asked.current);
    asked.current = requestAnimationFrame(redraw);
  };
  useRedraw(canvas, redraw);
  useRedraw(overview, redrawOverview);
  useEffect(() => {
    const words = `${groupedText(bars.length)} ${isOfSteps ? 'steps' : 'stretches'} over ${wholeSec.toFixed(1)} s`;
    shownFigures.set('timeline', {
      name: 'timeline',
      title: 'Timeline',
      words,
      draw: (surface, size, ink) => drawing()(surface, size, ink),
    });
    return () => void shownFigures.delete('timeline');
  }, [timeline]);

  const show = (next: Range): void => {
    range.current = within(next, wholeSec);
    redrawSoon();
    onRange(range.current);
  };
  const zoomAt = (factor: number, sec: number): void => {
    const { fromSec, toSec } = range.current;
    show({ fromSec: sec - (sec - fromSec) * factor, toSec: sec + (toSec - sec) * factor });
  };
  const panBy = (share: number): void => {
    const { fromSec, toSec } = range.current;
    const by = share * (toSec - fromSec);
    show({ fromSec: fromSec + by, toSec: toSec + by });
  };
  const place = (
    event: MouseEvent,
  ): { readonly x: number; readonly y: number; readonly sec: number; readonly wholeAt: number } => {
    const box = canvas.current?.getBoundingClientRect() ?? new DOMRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const share = (x - LEFT) / Math.max(1, box.width - LEFT - RIGHT);
    const { fromSec, toSec } = range.current;
    return { x, y, sec: fromSec + share * (toSec - fromSec), wholeAt: share * wholeSec };
  };

  const pick = (i: number): void => {
    const at = Math.max(0, Math.min(bars.length - 1, i));
    picked.current = at;
    const { fromSec, toSec } = range.current;
    const [start, end] = [bars.startSec[at], bars.endSec[at]];
    const wide = 40 * (end - start);
    if (toSec - fromSec > 4 * wide) show({ fromSec: start - wide / 2, toSec: start + wide / 2 });
    else if (start < fromSec || end > toSec)
      show({ fromSec: start - (toSec - fromSec) / 2, toSec: start + (toSec - fromSec) / 2 });
    else redrawSoon();
    setSpoken(
      stepFacts(timeline, at)
        .map(([name, fact]) => `${name} ${fact}`)
        .join(', '),
    );
  };
  const middle = (): number => (range.current.fromSec + range.current.toSec) / 2;
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => panBy(-PAN),
    ArrowRight: () => panBy(PAN),
    ArrowUp: () => zoomAt(1 / ZOOM, middle()),
    ArrowDown: () => zoomAt(ZOOM, middle()),
    '+': () => zoomAt(1 / ZOOM, middle()),
    '=': () => zoomAt(1 / ZOOM, middle()),
    '-': () => zoomAt(ZOOM, middle()),
    '0': () => show(whole),
    Home: () => show({ fromSec: 0, toSec: range.current.toSec - range.current.fromSec }),
    End: () => show({ fromSec: wholeSec - (range.current.toSec - range.current.fromSec), toSec: wholeSec }),
    n: () => pick(picked.current === null ? lowerBound(bars.startSec, middle()) : picked.current + 1),
    p: () => pick(picked.current === null ? lowerBound(bars.startSec, middle()) : picked.current - 1),
    Escape: () => {
      picked.current = null;
      setSpoken('');
      redrawSoon();
    },
  };

  /** What lies under a point. */
  const factsAt = ({ x, y, sec }: ReturnType<typeof place>): FactList | undefined => {
    if (x < LEFT || y < OVERVIEW) return undefined;
    const parts = partsOf(timeline, HEIGHT);
    if (requests !== null && y >= parts.lanes[0]) {
      const { fromSec, toSec } = range.current;
      const end = lowerBound(requests.arrivalSec, toSec);
      let lanes = 1;
      const seen: number[] = [];
      for (let k = Math.max(0, end - 4000); k < end; k++) {
        if (requests.lastTokenSec[k] < fromSec) continue;
        lanes = Math.max(lanes, requests.lane[k] + 1);
        if (requests.arrivalSec[k] <= sec && requests.lastTokenSec[k] >= sec) seen.push(k);
      }
      const lane = Math.floor((y - parts.lanes[0]) / Math.min(11, parts.lanes[1] / lanes));
      const found = seen.find((k) => requests.lane[k] === lane);
      return found === undefined ? undefined : requestFacts(requests, found);
    }
    const i = lowerBound(bars.startSec, sec) - 1;
    if (i < 0 || sec > bars.endSec[i]) return undefined;
    picked.current = i;
    return stepFacts(timeline, i);
  };

  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const dragged = useRef<{
    readonly range: Range;
    readonly x: number;
    readonly isOverview: boolean;
    readonly apart: number;
  }>();
  const width = (): number => (canvas.current?.getBoundingClientRect().width ?? 1) - LEFT - RIGHT;

  const down = (event: PointerEvent): void => {
    canvas.current?.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const at = place(event);
    const all = [...pointers.current.values()];
    const apart = all.length === 2 ? Math.max(20, Math.abs(all[0].x - all[1].x)) : 0;
    dragged.current = { range: range.current, x: event.clientX, isOverview: at.y < OVERVIEW, apart };
    setHover(undefined);
    if (at.y < OVERVIEW) moveTo(at.wholeAt);
  };
  const moveTo = (sec: number): void => {
    const span = range.current.toSec - range.current.fromSec;
    // Of the whole there is nothing to move: a first part of it is shown.
    const wide = span > 0.9 * wholeSec ? wholeSec / 10 : span;
    show({ fromSec: sec - wide / 2, toSec: sec + wide / 2 });
  };
  const moved = (event: PointerEvent): void => {
    const at = place(event);
    const drag = dragged.current;
    if (drag === undefined || !pointers.current.has(event.pointerId)) {
      const facts = factsAt(at);
      setHover(facts === undefined ? undefined : { x: at.x, y: at.y, facts });
      redrawSoon();
      return;
    }
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const all = [...pointers.current.values()];
    const { fromSec, toSec } = drag.range;
    const span = toSec - fromSec;
    if (all.length === 2 && drag.apart > 0) {
      const factor = drag.apart / Math.max(20, Math.abs(all[0].x - all[1].x));
      const center = (fromSec + toSec) / 2;
      show({ fromSec: center - (span * factor) / 2, toSec: center + (span * factor) / 2 });
    } else if (drag.isOverview) moveTo(at.wholeAt);
    else {
      const by = ((drag.x - event.clientX) / width()) * span;
      show({ fromSec: fromSec + by, toSec: toSec + by });
    }
  };
  const up = (event: PointerEvent): void => {
    pointers.current.delete(event.pointerId);
    dragged.current = undefined;
  };
  // Preact's own listener would be passive: the page would scroll as well.
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const wheel = (event: WheelEvent): void => {
      const { fromSec, toSec } = range.current;
      const isWhole = toSec - fromSec >= wholeSec;
      const isAcross = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      // What cannot zoom out any more lets the page scroll.
      if (!isAcross && event.deltaY > 0 && isWhole) return;
      event.preventDefault();
      if (isAcross) panBy((event.deltaX || event.deltaY) / width());
      else zoomAt(1.0018 ** Math.max(-400, Math.min(400, event.deltaY)), place(event).sec);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [timeline]);

  const drawnNow = () => ({
    name: 'timeline',
    title: 'Timeline',
    words: '',
    draw: drawing(),
  });
  return (
    <section aria-labelledby="timeline-title" id="timeline">
      <div class="head">
        <h2 id="timeline-title">Timeline</h2>
        <div class="buttons">
          <button type="button" class="small" onClick={() => zoomAt(1 / ZOOM ** 2, middle())} aria-label="Zoom in">
            +
          </button>
          <button type="button" class="small" onClick={() => zoomAt(ZOOM ** 2, middle())} aria-label="Zoom out">
            −
          </button>
          <button type="button" class="small" onClick={() => show(whole)}>
            Whole log
          </button>
          <SaveButtons shown={drawnNow} height={HEIGHT} />
        </div>
      </div>
      <p class="key" aria-hidden="true">
        <span class="swatch decode" /> decode <span class="swatch prefill" /> prefill <span class="swatch waiting" />{' '}
        waiting <span class="swatch slow" /> slower than the model <span class="swatch fast" /> faster
      </p>
      <div
        class="stage"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move what an application shows
        tabIndex={0}
        aria-label={`Timeline of ${groupedText(bars.length)} ${isOfSteps ? 'steps' : 'stretches'} over ${wholeSec.toFixed(1)} seconds. Arrow keys pan and zoom, 0 shows the whole log, n and p go from step to step.`}
        aria-describedby="timeline-step"
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          act();
        }}
      >
        <canvas
          ref={overview}
          class="overview"
          role="img"
          aria-label="The whole log"
          style={{ height: `${OVERVIEW}px` }}
        />
        <canvas
          ref={canvas}
          class="picture timeline"
          role="img"
          aria-label="Steps, how far each is off the model, and requests"
          style={{ height: `${HEIGHT}px` }}
          onPointerDown={down}
          onPointerMove={moved}
          onPointerUp={up}
          onPointerCancel={up}
          onPointerLeave={() => {
            setHover(undefined);
            picked.current = null;
            redrawSoon();
          }}
          onDblClick={(event) => zoomAt(1 / 4, place(event).sec)}
        />
        {hover === undefined ? null : (
          <div
            class="tip"
            style={{
              left: `${Math.max(4, Math.min(hover.x + 14, width() + LEFT - 216))}px`,
              top: `${Math.min(hover.y + 14, HEIGHT - 150)}px`,
            }}
          >
            <Facts facts={hover.facts} />
          </div>
        )}
      </div>
      <p id="timeline-step" class="reading" aria-live="polite">
        {spoken === '' ? 'Wheel or arrow keys zoom and pan; n and p go from step to step.' : spoken}
      </p>
      {note === '' ? null : <p class="soft">{note}</p>}
    </section>
  );
};
