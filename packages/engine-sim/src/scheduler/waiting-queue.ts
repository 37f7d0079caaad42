/** Requests that wait: preempted ones first, the last preempted at the head, then new ones in the order of arrival. */
export class WaitingQueue {
  private readonly preempted: number[] = [];
  private nextNew = 0;
  private arrived = 0;

  /** When each request was taken in. */
  readonly takenInSec: Float64Array;

  /** @param arrivalSec ascending; a request's number is its place */
  constructor(private readonly arrivalSec: Float64Array) {
    this.takenInSec = new Float64Array(arrivalSec.length);
  }

  get isEmpty(): boolean {
    return this.preempted.length === 0 && this.nextNew === this.arrived;
  }

  /** When the next request arrives that is not here yet; Infinity when all are. */
  get nextArrivalSec(): number {
    return this.arrivalSec[this.arrived] ?? Infinity;
  }

  /** Takes in who has arrived until then. */
  takeIn(untilSec: number, nowSec: number): void {
    while (this.nextArrivalSec <= untilSec) this.takenInSec[this.arrived++] = nowSec;
  }

  /** The request at the head; only where the queue is not empty. */
  get head(): number {
    return this.preempted.at(-1) ?? this.nextNew;
  }

  /** Whether the request at the head was running before. */
  get headWasPreempted(): boolean {
    return this.preempted.length > 0;
  }

  removeHead(): void {
    if (this.preempted.pop() === undefined) this.nextNew++;
  }

  prepend(request: number): void {
    this.preempted.push(request);
  }
}
