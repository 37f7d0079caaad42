import { barSpec, type NamedFigure } from '@stepclock/charts';
import type { Fleet, FleetKind } from '../../fleet/merge-fleet.js';

/** More bars than that nobody reads. */
const MOST_BARS = 50;
/** Half of a 95 % interval, standard errors. */
const NORMAL_95 = 1.96;

/** Which engines are drawn: those that stand out, and of the others an even choice from the fastest to the slowest. */
const drawnEngines = ({ engines, shares, standingOut }: FleetKind): readonly number[] => {
  const out = new Set(standingOut.map(({ engine }) => engine));
  const order = engines.map((_, e) => e).sort((a, b) => shares[a].share - shares[b].share || a - b);
  const odd = order.filter((e) => out.has(engines[e].name)).slice(0, MOST_BARS / 2);
  const like = order.filter((e) => !out.has(engines[e].name));
  const room = Math.min(like.length, MOST_BARS - odd.length);
  const chosen = new Set([
    ...odd,
    ...Array.from({ length: room }, (_, i) => like[Math.floor((i * like.length) / room)]),
  ]);
  return order.filter((e) => chosen.has(e));
};

/** A forest plot of each kind: the step time of each engine against the median, with its interval. */
export const fleetFigures = ({ kinds }: Fleet): readonly NamedFigure[] =>
  kinds.map((kind, i) => {
    const drawn = drawnEngines(kind);
    const { engines, shares, label } = kind;
    const all = drawn.length === engines.length ? 'all engines' : `${drawn.length} of ${engines.length} engines`;
    return {
      name: kinds.length === 1 ? 'fleet' : `fleet-${i + 1}`,
      spec: barSpec({
        title: label === null ? 'Step time by engine' : `Step time by engine: ${label}`,
        subtitle: `A step of the mean composition against the median engine's; whiskers: 95 % intervals; ${all}`,
        value: { label: 'Above the median', unit: '%' },
        bars: drawn.map((e) => ({
          group: engines[e].name,
          value: 100 * shares[e].share,
          interval: [
            100 * (shares[e].share - NORMAL_95 * shares[e].standardError),
            100 * (shares[e].share + NORMAL_95 * shares[e].standardError),
          ],
        })),
      }),
    };
  });
