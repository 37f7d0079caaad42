import type { EngineUnderLoad } from './engine-under-load.js';
import type { LoadShape } from './load-shape.js';

/** All requests at once, as far as an engine can tell. */
const AT_ONCE_PER_SEC = 1e9;
/** Shares of the requests between which an overloaded engine is full: it fills before, and runs empty after. */
const [FROM, TO] = [0.2, 0.8];

/** The rate at which a full engine serves: at any higher one its queue grows for as long as the load lasts. Requests/s. */
export const saturationRate = (engine: EngineUnderLoad, shape: LoadShape): number => {
  const { lastTokenSec, length } = engine(shape, AT_ONCE_PER_SEC, []).simulation.requests;
  const ends = lastTokenSec.slice().sort();
  const [from, to] = [Math.floor(FROM * (length - 1)), Math.floor(TO * (length - 1))];
  return (to - from) / (ends[to] - ends[from]);
};
