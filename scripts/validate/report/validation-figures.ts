import { type Bar, barSpec, type ReportBlock, type ReportFigure } from '@stepclock/charts';

type Table = Extract<ReportBlock, { kind: 'table' }>;

/** A table's cells by the name of their column. */
const rowsOf = ({ columns, rows }: Table): Readonly<Record<string, string>>[] =>
  rows.map((cells) => Object.fromEntries(columns.map(({ label }, i) => [label, String(cells[i] ?? '')])));

/** The numbers of a cell: `3.6, -57.8` or `2.42 %`. */
const numbersIn = (cell = ''): number[] =>
  cell.replaceAll('\u2212', '-').split(',').map(Number.parseFloat).filter(Number.isFinite);

const largest = (values: readonly number[]): number => Math.max(0, ...values.map(Math.abs));

const published = (table: Table): ReportFigure[] => {
  const bars = rowsOf(table).flatMap((row) =>
    ['baseline', 'iterative', 'step clock'].map((series): Bar => {
      const group = table.rows.length > 6 ? `${row.scenario}, seed ${row.seed}` : `${row.scenario}`;
      return { group, series, value: largest(numbersIn(row[series])) };
    }),
  );
  return [
    {
      spec: barSpec({
        title: 'Worst coefficient, by estimator',
        value: { label: 'largest error of a coefficient', unit: '%' },
        bars,
      }),
      caption:
        'Simulated engines with known coefficients. All three see the same phases; the table has the r2 that each reports, and whether iterative converged.',
      wide: true,
    },
  ];
};

const scenarios = (table: Table): ReportFigure[] => {
  const bars = rowsOf(table).flatMap((row): Bar[] => {
    const [median = 0] = numbersIn(row['worst, median']);
    const [most = median] = numbersIn(row['worst, largest']);
    return [{ group: `${row.scenario}`, value: median, ...(most > median && { interval: [median, most] }) }];
  });
  return [
    {
      spec: barSpec({
        title: 'Worst coefficient of the step clock, by scenario',
        value: { label: 'error of the worst coefficient: median, and to the largest, of the seeds', unit: '%' },
        bars,
      }),
      caption: 'The table has the floor beside it: least squares on the true step log of the same runs.',
      wide: true,
    },
  ];
};

const replays = (table: Table): ReportFigure[] => {
  const metrics = table.columns.map(({ label }) => label).filter((label) => /(mean|p99)$/.test(label));
  const rows = rowsOf(table);
  return [...new Set(rows.map(({ log }) => log ?? ''))].map((log) => ({
    spec: barSpec({
      title: `Replay of ${log}`,
      value: { label: 'replayed against measured', unit: '%' },
      bars: rows
        .filter((row) => row.log === log)
        .flatMap((row) =>
          metrics.flatMap((metric): Bar[] =>
            numbersIn(row[metric]).map((value) => ({ group: metric, series: `fitted on ${row['fitted on']}`, value })),
          ),
        ),
    }),
    caption: 'The whole log served again with the coefficients that its trace, or the first half of it, gave.',
  }));
};

/** Pictures of a part's first table, for the parts that have one worth seeing. */
const DRAWN: Readonly<Record<string, (table: Table) => ReportFigure[]>> = {
  'published-estimators': published,
  'step-clock-scenarios': scenarios,
  replay: replays,
};

/** The figures that go before the tables of a part. */
export const validationFigures = (part: string, blocks: readonly ReportBlock[]): readonly ReportFigure[] => {
  const table = blocks.find((block) => block.kind === 'table');
  return table === undefined || table.rows.length === 0 ? [] : (DRAWN[part]?.(table) ?? []);
};
