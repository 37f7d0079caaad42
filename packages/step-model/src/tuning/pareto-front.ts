/** A setting under a rate: what it serves well, and how long that takes. */
export interface FrontPoint<Setting> {
  readonly setting: Setting;
  readonly ratePerSec: number;
  /** Requests/s that keep every limit by themselves. */
  readonly goodputPerSec: number;
  /** p95 of the time from arrival to the last token, s. */
  readonly latencySec: number;
}

/** Those of some points that no other beats in goodput and in latency, by rising goodput. */
export const paretoFront = <Setting>(points: readonly FrontPoint<Setting>[]): readonly FrontPoint<Setting>[] => {
  const front: FrontPoint<Setting>[] = [];
  const falling = [...points].sort((a, b) => b.goodputPerSec - a.goodputPerSec || a.latencySec - b.latencySec);
  let least = Infinity;
  for (const point of falling) {
    if (!(point.latencySec < least)) continue;
    least = point.latencySec;
    front.push(point);
  }
  return front.reverse();
};
