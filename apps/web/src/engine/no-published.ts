/** In place of the published estimators, which the page does not offer. */
const absent = (): never => {
  throw new Error('the page has no published estimator');
};

export { absent as estimateBaseline, absent as estimateIterative };
