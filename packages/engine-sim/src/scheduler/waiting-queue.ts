/** Requests that wait: preempted ones first, the last preempted at the head, then new ones in the order of arrival. */
export class WaitingQueue {
  private readonly preempted: number[] = [];
  /** Requests that this engine gets, in the order of arrival, and when: some of them may not be here yet. */
  private readonly coming: Int32Array;
  private readonly comingSec: Float64Array;
  private known = 0;
  private nextNew = 0;
  private arrived = 0;

  /** @param takenInSec where it is written down when each request was taken in */
  constructor(
    requests: number,
    readonly takenInSec: Float64Array,
  ) {
    this.coming = new Int32Array(requests);
    this.comingSec = new Float64Array(requests);
  }

  /** A request arrives at a time, no earlier than those that were told before. */
  expect(request: number, arrivalSec: number): void {
    this.coming[this.known] = request;
    this.comingSec[this.known++] = arrivalSec;
  }

  get isEmpty(): boolean {
    return this.preempted.length === 0 && this.nextNew === this.arrived;
  }

  /** New requests that wait or are still to come. */
  get outstanding(): number {
    return this.known - this.nextNew + this.preempted.length;
  }

  /** When the next request arrives that is not here yet; Infinity when all are. */
  get nextArrivalSec(): number {
    return this.arrived < this.known ? this.comingSec[this.arrived] : Infinity;
  }

  /** Takes in who has arrived until then. */
  takeIn(untilSec: number, nowSec: number): void {
    while (this.nextArrivalSec <= untilSec) this.takenInSec[this.coming[this.arrived++]] = nowSec;
  }

  /** The request at the head; only where the queue is not empty. */
  get head(): number {
    return this.preempted.at(-1) ?? this.coming[this.nextNew];
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
