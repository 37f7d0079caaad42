/** Pictures that wait to be drawn, by what they are drawn on. */
const waiting = new Map<object, () => void>();
let isAsked = false;

const ask = (): void => {
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    const [first] = waiting;
    if (first === undefined) return;
    const [place, draw] = first;
    waiting.delete(place);
    if (waiting.size > 0) ask();
    draw();
  });
};

/** Draws in one of the next frames: one picture a frame, so that no task of the page holds more than one. What waits for its frame is drawn once. */
export const paintSoon = (place: object, draw: () => void): void => {
  waiting.set(place, draw);
  if (!isAsked) ask();
};

/** Lets go of what is gone from the page. */
export const paintNoMore = (place: object): void => void waiting.delete(place);
