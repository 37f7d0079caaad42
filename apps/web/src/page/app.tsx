import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type {
  BatchView,
  ComparisonView,
  GivenFile,
  LoadFacts,
  ReplayView as Replayed,
  Reply,
  Summary,
  Timeline,
  WhatIfReply,
  WhatIfSettings,
  WindowsView,
} from '../messages.js';
import { batchDrawing, batchWords } from '../views/batch.js';
import type { Range } from '../views/timeline-scene.js';
import { windowsDrawing, windowsWords } from '../views/windows.js';
import { demoFile } from './demo.js';
import { openedFiles, transferredFiles } from './files.js';
import { CompareView } from './parts/compare.js';
import { DropView } from './parts/drop.js';
import { PictureView } from './parts/picture.js';
import { ReplayView } from './parts/replay.js';
import { TakeAwayView } from './parts/take-away.js';
import { TimelineView } from './parts/timeline.js';
import { VerdictView } from './parts/verdict.js';
import { WarningsView } from './parts/warnings.js';
import { WhatIfView } from './parts/what-if.js';
import { save, stemOf } from './saved.js';
import { fragmentOf, type Settings, settingsOf } from './settings.js';
import { otherTheme } from './theme.js';
import { Thread } from './thread.js';

/** All that is known of the log that is shown; parts come one after the other. */
interface Known {
  readonly progress?: { readonly text: string; readonly share: number | null } | undefined;
  readonly fault?: string;
  readonly summary?: Summary;
  readonly timeline?: Timeline;
  readonly batch?: BatchView | null;
  readonly windows?: WindowsView | null;
  readonly replay?: { readonly replay: Replayed | null; readonly why: string };
  readonly load?: LoadFacts | null;
  readonly isDone?: boolean;
}

/** The log beside it. */
interface Beside {
  readonly summary?: Summary;
  readonly comparison?: ComparisonView;
  readonly state: string;
}

const withReply = (known: Known, reply: Reply): Known => {
  switch (reply.part) {
    case 'progress':
      return { ...known, progress: reply };
    case 'fault':
      return { ...known, progress: undefined, fault: reply.line };
    case 'done':
      return { ...known, progress: undefined, isDone: true };
    case 'summary':
      return { ...known, summary: reply.summary };
    case 'timeline':
      return { ...known, timeline: reply.timeline };
    case 'batch':
      return { ...known, batch: reply.batch };
    case 'windows':
      return { ...known, windows: reply.windows };
    case 'replay':
      return { ...known, replay: reply };
    case 'load':
      return { ...known, load: reply.load };
    default:
      return known;
  }
};

/** The page. */
export const App = ({ version }: { readonly version: string }) => {
  const given = useMemo(() => settingsOf(location.hash), []);
  const settings = useRef<Settings>(given);
  const [known, setKnown] = useState<Known>({});
  const [beside, setBeside] = useState<Beside>({ state: '' });
  const [answer, setAnswer] = useState<WhatIfReply>();
  const [isOver, setIsOver] = useState(false);
  const exporting = useRef<'csv' | 'chrome-trace'>('csv');
  const summary = useRef<Summary>();

  const threads = useMemo(() => {
    const shown = new Thread((reply) => {
      if (reply.part === 'summary') summary.current = reply.summary;
      if (reply.part === 'export') {
        const stem = stemOf(summary.current?.name ?? 'log');
        if (exporting.current === 'csv') save(`${stem}.steps.csv`, [...reply.pieces], 'text/csv');
        else save(`${stem}.trace.json`, [...reply.pieces], 'application/json');
        return;
      }
      setKnown((before) => withReply(before, reply));
    });
    // Of its own, so that sliders answer while a second log is read.
    const whatIf = new Thread((reply) => {
      if (reply.part === 'what-if') setAnswer(reply);
    });
    const second: Thread = new Thread((reply) => {
      switch (reply.part) {
        case 'summary':
          setBeside({ summary: reply.summary, state: 'Comparing' });
          if (reply.summary.isFinal && summary.current !== undefined) {
            const { json, name } = summary.current;
            second.ask({ ask: 'compare', a: json, b: reply.summary.json, names: [name, reply.summary.name] });
          }
          return;
        case 'progress':
          setBeside((before) => ({ ...before, state: reply.text }));
          return;
        case 'comparison':
          setBeside((before) => ({ ...before, comparison: reply.comparison, state: '' }));
          return;
        case 'fault':
          setBeside((before) => ({ ...before, state: reply.line }));
          return;
        default:
      }
    });
    return { shown, second, whatIf };
  }, []);

  const open = (files: readonly GivenFile[]): void => {
    if (files.length === 0) return;
    summary.current = undefined;
    setKnown({ progress: { text: 'Reading', share: 0 } });
    setBeside({ state: '' });
    setAnswer(undefined);
    threads.shown.ask({ ask: 'open', files, version, withViews: true });
  };
  const openBeside = (files: readonly GivenFile[]): void => {
    setBeside({ state: 'Reading' });
    threads.second.ask({ ask: 'open', files, version, withViews: false });
  };

  useEffect(() => {
    openedFiles().then(open, (error: unknown) =>
      setKnown({ fault: error instanceof Error ? error.message : String(error) }),
    );
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setIsOver(true);
    };
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const dropped = (event: DragEvent): void => {
      event.preventDefault();
      setIsOver(false);
      if (event.dataTransfer !== null) open(transferredFiles(event.dataTransfer));
    };
    const pasted = (event: ClipboardEvent): void => {
      if (event.clipboardData !== null && !(event.target instanceof HTMLInputElement))
        open(transferredFiles(event.clipboardData));
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', left);
    addEventListener('drop', dropped);
    addEventListener('paste', pasted);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', left);
      removeEventListener('drop', dropped);
      removeEventListener('paste', pasted);
    };
  }, []);

  const { progress, fault, timeline, batch, windows, replay, load } = known;
  const hasSteps = known.summary?.method.startsWith('token-clock') === true && timeline !== undefined;
  const linkOf = (): string => {
    const fragment = fragmentOf(settings.current);
    history.replaceState(null, '', `#${fragment}`);
    return location.href;
  };
  const rangeGiven: Range | undefined =
    given.from === undefined || given.to === undefined ? undefined : { fromSec: given.from, toSec: given.to };
  return (
    <div class={isOver ? 'page over' : 'page'}>
      <header>
        <h1>
          stepclock <span class="phrase">{known.summary === undefined ? 'drop a log, see the engine' : ''}</span>
        </h1>
        <div class="buttons">
          {known.summary === undefined ? null : <DropView isSmall onFiles={open} onDemo={() => open([demoFile()])} />}
          <button
            type="button"
            class="small"
            onClick={() => {
              settings.current = { ...settings.current, theme: otherTheme() };
            }}
          >
            Light or dark
          </button>
        </div>
      </header>
      <main>
        {known.summary === undefined && progress === undefined ? (
          <DropView isSmall={false} onFiles={open} onDemo={() => open([demoFile()])} />
        ) : null}
        <div role="status" class="status">
          {progress === undefined ? null : (
            <p class="progress">
              {progress.text}
              {progress.share === null ? ' ...' : ` ${Math.round(100 * progress.share)} %`}
            </p>
          )}
        </div>
        {fault === undefined ? null : (
          <p role="alert" class="fault">
            {fault}
          </p>
        )}
        {known.summary === undefined ? null : <VerdictView summary={known.summary} />}
        {timeline === undefined ? null : (
          <TimelineView
            key={timeline.bars.length}
            timeline={timeline}
            range={rangeGiven}
            onRange={({ fromSec, toSec }) => {
              settings.current = { ...settings.current, from: Math.max(0, fromSec), to: toSec };
            }}
          />
        )}
        {batch == null ? null : (
          <PictureView
            name="batch"
            heading="Step time over batch"
            title="Steps without prefill"
            view={batch}
            words={batchWords}
            drawing={batchDrawing}
            height={440}
          />
        )}
        {windows == null ? null : (
          <PictureView
            name="windows"
            heading="Over time"
            title="Each window fitted by itself; dashed: the model of all"
            view={windows}
            words={windowsWords}
            drawing={windowsDrawing}
            height={560}
          />
        )}
        {replay === undefined ? null : <ReplayView {...replay} />}
        {load == null ? null : (
          <WhatIfView
            key={load.name}
            load={load}
            thread={threads.whatIf}
            answer={answer}
            given={given.whatIf}
            onSettings={(whatIf: WhatIfSettings) => {
              settings.current = { ...settings.current, whatIf };
            }}
          />
        )}
        {known.summary?.isFinal === true ? (
          <CompareView
            a={known.summary}
            b={beside.summary}
            comparison={beside.comparison}
            state={beside.state}
            onFiles={openBeside}
          />
        ) : null}
        {known.summary === undefined ? null : (
          <>
            <WarningsView summary={known.summary} />
            <TakeAwayView
              summary={known.summary}
              version={version}
              hasSteps={hasSteps}
              onExport={(as) => {
                exporting.current = as;
                threads.shown.ask({ ask: 'export', as });
              }}
              linkOf={linkOf}
            />
          </>
        )}
      </main>
      <footer class="soft">stepclock {version}. Everything is computed here; nothing leaves this machine.</footer>
    </div>
  );
};
