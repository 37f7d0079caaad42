/** Adam (Kingma and Ba 2015, arXiv:1412.6980): steps scaled by running means of the gradient and of its square, both corrected for their start. */
export class Adam {
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  #meanDecay = 1;
  #squareDecay = 1;

  constructor(parameterCount: number) {
    this.#mean = new Float64Array(parameterCount);
    this.#square = new Float64Array(parameterCount);
  }

  step(parameters: Float64Array, gradient: Float64Array, learningRate: number): void {
    const decay1 = 0.9;
    const decay2 = 0.999;
    this.#meanDecay *= decay1;
    this.#squareDecay *= decay2;
    const rate = (learningRate * Math.sqrt(1 - this.#squareDecay)) / (1 - this.#meanDecay);
    for (let k = 0; k < parameters.length; k++) {
      const g = gradient[k];
      const mean = decay1 * this.#mean[k] + (1 - decay1) * g;
      const square = decay2 * this.#square[k] + (1 - decay2) * g * g;
      this.#mean[k] = mean;
      this.#square[k] = square;
      parameters[k] = parameters[k] - (rate * mean) / (Math.sqrt(square) + 1e-8);
    }
  }
}
