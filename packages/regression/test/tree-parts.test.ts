import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { growTree, type TreeGrowthOptions } from '../src/forest/grow-tree.js';
import { restrictOrder, sortedRows } from '../src/forest/presorted-columns.js';
import { decodeTrees, encodeTrees } from '../src/forest/tree-codec.js';
import { treeFeatures, withoutZeroWeights } from '../src/forest/tree-data.js';
import { addTreePredictions, TreeNodesBuilder } from '../src/forest/tree-nodes.js';
import { dataset, featuresOf, featureTable, gradientBoosting, modelFromJSON, randomForest } from '../src/index.js';
import { refusalOf } from './refusal.js';
import { throughJSON } from './synthetic.js';

const numbers = (...values: number[]) => Float64Array.from(values);
const at = (...x: number[]) => featuresOf({ x });
const base64 = (...bytes: number[]) => btoa(String.fromCharCode(...bytes));
/** Big and little of a double. */
const bytesOf = (value: number) => [...new Uint8Array(new Float64Array([value]).buffer)];

/** `x <= 2 ? (z <= 5 ? 10 : 20) : 30` and then the leaf 7. */
const twoTrees = () => {
  const builder = new TreeNodesBuilder();
  builder.startTree();
  const root = builder.add(0, 2);
  const left = builder.add(1, 5);
  builder.add(-1, 10);
  builder.setRight(left, builder.add(-1, 20));
  builder.setRight(root, builder.add(-1, 30));
  builder.startTree();
  builder.add(-1, 7);
  return builder;
};

describe('presorted columns', () => {
  it('are rows by value, equal values by row', () => {
    expect(sortedRows([numbers(3, 10, 3, -1), numbers(0, 0, 0, 0)]).map((order) => [...order])).toEqual([
      [3, 0, 2, 1],
      [0, 1, 2, 3],
    ]);
  });

  it('keep their order when a tree sees some of the rows', () => {
    // Rows 0 and 2 are seen, as 1 and 0.
    expect([...restrictOrder(Int32Array.of(3, 0, 2, 1), Int32Array.of(1, -1, 0, -1), 2)]).toEqual([1, 0]);
  });
});

describe('tree nodes', () => {
  it('lie in preorder, tree after tree', () => {
    const nodes = twoTrees().finish();
    expect([...nodes.feature]).toEqual([0, 1, -1, -1, -1, -1]);
    expect([...nodes.value]).toEqual([2, 5, 10, 20, 30, 7]);
    expect([...nodes.right]).toEqual([4, 3, 0, 0, 0, 0]);
    expect([...nodes.roots]).toEqual([0, 5]);
  });

  it('are more than the first arrays hold', () => {
    const builder = new TreeNodesBuilder();
    for (let i = 0; i < 5000; i++) {
      builder.startTree();
      builder.add(i % 7, i / 2);
      builder.setRight(i, i + 1);
    }
    const nodes = builder.finish();
    expect([nodes.feature, nodes.value, nodes.right, nodes.roots].map(({ length }) => length)).toEqual([
      5000, 5000, 5000, 5000,
    ]);
    for (const i of [0, 1023, 1024, 2047, 2048, 4999]) {
      expect([nodes.feature[i], nodes.value[i], nodes.right[i], nodes.roots[i]]).toEqual([i % 7, i / 2, i + 1, i]);
    }
  });

  it('predict: at most the threshold goes left', () => {
    const nodes = twoTrees().finish();
    const columns = [numbers(2, 2, 2.1, -9), numbers(5, 5.1, 0, 99)];
    const sums = numbers(1, 1, 1, 1);
    addTreePredictions(nodes, 0, columns, 0.5, sums);
    expect([...sums]).toEqual([6, 11, 16, 11]);
    addTreePredictions(nodes, 1, columns, 2, sums);
    expect([...sums]).toEqual([20, 25, 30, 25]);
  });
});

describe('encoded trees', () => {
  const nodes = twoTrees().finish();

  it('are bytes: a feature or 255, and a place in the table of values', () => {
    expect(encodeTrees(nodes, numbers(0.25, 0.75))).toEqual({
      importance: [0.25, 0.75],
      tree_count: 2,
      node_count: 6,
      split_features: base64(0, 1, 255, 255, 255, 255),
      value_table: base64(...[2, 5, 10, 20, 30, 7].flatMap(bytesOf)),
      value_index: base64(0, 1, 2, 3, 4, 5),
      value_index_bytes: 1,
    });
  });

  it('write a value once', () => {
    const builder = new TreeNodesBuilder();
    for (const value of [4, 8, 4, 4]) {
      builder.startTree();
      builder.add(-1, value);
    }
    expect(encodeTrees(builder.finish(), numbers(1))).toMatchObject({
      value_table: base64(...[4, 8].flatMap(bytesOf)),
      value_index: base64(0, 1, 0, 0),
    });
  });

  it.each([
    [256, 1],
    [257, 2],
    [65_536, 2],
    [65_537, 4],
  ])('%i values take %i bytes each, and come back', (count, width) => {
    const builder = new TreeNodesBuilder();
    for (let i = 0; i < count; i++) {
      builder.startTree();
      builder.add(-1, Math.sqrt(i));
    }
    const nodes = builder.finish();
    const encoded = encodeTrees(nodes, numbers(1));
    expect(encoded.value_index_bytes).toBe(width);
    expect(atob(encoded.value_index)).toHaveLength(count * width);
    const back = decodeTrees(encoded, 1);
    expect(back.roots).toHaveLength(count);
    // Equal node by node; toEqual takes seconds over so many.
    expect(back.value.every((value, i) => value === Math.sqrt(i))).toBe(true);
    expect(back.roots.every((root, i) => root === i)).toBe(true);
  });

  it('are decoded with right children from the preorder', () => {
    expect(decodeTrees(encodeTrees(nodes, numbers(0.5, 0.5)), 2)).toEqual(nodes);
    const none = encodeTrees(new TreeNodesBuilder().finish(), numbers(0, 0));
    expect(decodeTrees(none, 2).roots).toHaveLength(0);
  });

  const encoded = encodeTrees(nodes, numbers(0.5, 0.5));
  it.each([
    [{ split_features: base64(0) }, 'split_features: must hold 6 bytes'],
    [{ split_features: '?' }, 'split_features: must be base64'],
    [{ value_index_bytes: 2 as const }, 'value_index: must hold 12 bytes'],
    [{ value_index: base64(0, 1, 2, 3, 4, 6) }, 'value_index: must point into value_table'],
    [
      { value_table: base64(...[2, 5, 10, 20, Number.NaN, 7].flatMap(bytesOf)) },
      'value_table: must hold finite numbers',
    ],
    [{ split_features: base64(2, 1, 255, 255, 255, 255) }, 'split_features: must name a feature below 2'],
    [{ tree_count: 3 }, 'split_features: must make up 3 whole trees'],
    [{ split_features: base64(0, 1, 255, 255, 255, 0) }, 'split_features: must make up 2 whole trees'],
    [{ importance: [1] }, 'importance: must be one a feature (2)'],
  ])('refuse %j', (change, message) => {
    expect(refusalOf(() => decodeTrees({ ...encoded, ...change }, 2))).toMatchObject({
      code: 'regression/bad-model',
      message,
    });
  });

  it('take a place in the second byte for what it is', () => {
    const wide = { ...encoded, value_index_bytes: 2 as const, value_index: base64(0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0) };
    expect(decodeTrees(wide, 2)).toEqual(nodes);
    const far = { ...wide, value_index: base64(0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 1) };
    expect(() => decodeTrees(far, 2)).toThrow('must point into value_table');
    // A table that ends in the middle of a number.
    const cut = { ...encoded, value_table: base64(...[2, 5, 10, 20, 30].flatMap(bytesOf), 1, 2, 3, 4, 5, 6, 7) };
    expect(() => decodeTrees(cut, 2)).toThrow('must point into value_table');
  });
});

describe('tree data', () => {
  it('takes 1 to 255 features', () => {
    const table = (count: number) =>
      featureTable(
        Array.from({ length: count }, (_, j) => `f${j}`),
        Array.from({ length: count }, () => numbers(1)),
      );
    expect(treeFeatures(table(255))).toHaveLength(255);
    for (const count of [0, 256]) {
      expect(refusalOf(() => treeFeatures(table(count)))).toMatchObject({
        code: 'regression/bad-option',
        message: `features: must be 1 to 255 for trees; got ${count}`,
        what: 'features',
        value: count,
      });
    }
  });

  it('leaves rows of weight 0 out', () => {
    const data = dataset(at(1, 2, 3), numbers(4, 5, 6));
    expect(withoutZeroWeights(data)).toBe(data);
    const heavy = { ...data, weights: numbers(1, 0.5, 2) };
    expect(withoutZeroWeights(heavy)).toBe(heavy);
    expect(withoutZeroWeights({ ...data, weights: numbers(1, 0, 2) })).toEqual({
      features: at(1, 3),
      target: numbers(4, 6),
      weights: numbers(1, 2),
    });
  });
});

describe('growTree', () => {
  const grow = (columns: number[][], y: number[], options: Partial<TreeGrowthOptions> = {}, weights?: number[]) => {
    const features = columns.map((column) => numbers(...column));
    const builder = new TreeNodesBuilder();
    const importance = new Float64Array(columns.length);
    const fitted = new Float64Array(y.length);
    growTree(
      { columns: features, y: numbers(...y), weights: weights && numbers(...weights), orders: sortedRows(features) },
      {
        maxDepth: Number.POSITIVE_INFINITY,
        minLeaf: 1,
        featuresPerSplit: columns.length,
        random: seededRandom(1),
        ...options,
      },
      builder,
      importance,
      fitted,
    );
    return { nodes: builder.finish(), importance, fitted };
  };
  const rising = [[1, 2, 3, 4, 5]];
  const y = [0, 0, 6, 7, 20];

  it('gains the decrease of the sum of squares', () => {
    // About the mean 6.6: 485 - 217.8 = 267.2; the best cut leaves 0, 0, 6, 7 about 3.25: 42.75.
    const { nodes, importance, fitted } = grow(rising, y, { maxDepth: 1 });
    expect(importance).toAgree([267.2 - 42.75], 1e-13);
    expect([...nodes.feature]).toEqual([0, -1, -1]);
    expect([...nodes.value]).toEqual([4.5, 3.25, 20]);
    expect([...nodes.right]).toEqual([2, 0, 0]);
    expect([...fitted]).toEqual([3.25, 3.25, 3.25, 3.25, 20]);
  });

  it('gains everything when it may go on', () => {
    const { nodes, importance, fitted } = grow(rising, y);
    expect(importance).toAgree([267.2], 1e-13);
    expect([...fitted]).toEqual(y);
    // The two zeros stay together.
    expect(nodes.feature.filter((f) => f < 0)).toHaveLength(4);
    expect([...grow(rising, y, { maxDepth: 0 }).nodes.value]).toAgree([6.6], 1e-14);
  });

  it('counts weights as so many rows', () => {
    // 4 thrice, 1, 7: mean 4, sum of squares 18; between 1 and the rest (4.75 of 4): 6.75 is left.
    const { nodes, importance } = grow([[1, 2, 3]], [4, 1, 7], { maxDepth: 1 }, [3, 1, 1]);
    // Cut after 4, 4, 4: 1, 7 leave 18; cut before the 7: 4, 4, 4, 1 about 3.25 leave 6.75.
    expect(importance).toAgree([18 - 6.75], 1e-13);
    expect([...nodes.value]).toAgree([2.5, 3.25, 7], 1e-14);
  });

  it('keeps minLeaf rows on either side, and splits just so many', () => {
    expect([...grow(rising, y, { minLeaf: 2, maxDepth: 1 }).nodes.value]).toAgree([3.5, 2, 13.5], 1e-14);
    expect(grow(rising, y, { minLeaf: 3 }).nodes.feature).toHaveLength(1);
    expect(grow([[1, 2, 3, 4]], [9, 0, 0, 0], { minLeaf: 2 }).nodes.value[0]).toBe(2.5);
    // The best cut would be after the first row; the last two of four may not be cut either.
    expect([...grow([[1, 2, 3, 4]], [0, 0, 0, 9], { minLeaf: 2, maxDepth: 1 }).fitted]).toAgree(
      [0, 0, 4.5, 4.5],
      1e-15,
      1e-15,
    );
  });

  it('takes the feature that gains most, and keeps the others sorted below', () => {
    const a = [1, 1, 1, 2, 2, 2];
    const b = [3, 1, 2, 6, 5, 4];
    const target = [0, 2, 1, 13, 12, 11];
    const { nodes, importance, fitted } = grow([b, a], target, { maxDepth: 1 });
    // Both separate the same rows: a tie for chance to break. Below it only b helps.
    expect(Math.max(...importance)).toAgree(181.5, 1e-13);
    expect(nodes.value.slice(1)).toAgree([1, 12], 1e-14);
    const deep = grow([b, a], target);
    expect([...deep.fitted]).toEqual(target);
    expect(deep.importance.reduce((sum, gain) => sum + gain, 0)).toAgree(185.5, 1e-13);
    expect([...fitted]).toAgree([1, 1, 1, 12, 12, 12], 1e-14);
  });

  it('grown to the end repeats every target, whichever features it splits on', () => {
    const random = seededRandom(6, 'deep');
    const columns = [0, 1, 2].map(() => Array.from({ length: 60 }, () => random()));
    const target = Array.from({ length: 60 }, () => random());
    const { nodes, fitted } = grow(columns, target);
    expect([...fitted]).toEqual(target);
    expect(new Set(nodes.feature)).toEqual(new Set([-1, 0, 1, 2]));
    const sums = new Float64Array(60);
    addTreePredictions(
      nodes,
      0,
      columns.map((column) => numbers(...column)),
      1,
      sums,
    );
    expect([...sums]).toEqual(target);
  });

  it('keeps differences under a large common offset, weighted or not', () => {
    // About 2^40 squares leave no digit for differences of 1.
    const far = [1, 0, 0, 1, 9, 8].map((v) => 2 ** 40 + v);
    for (const weights of [undefined, [1, 1, 1, 1, 1, 1], [2, 1, 1, 2, 3, 3]]) {
      const { nodes, importance } = grow([[1, 2, 3, 4, 5, 6]], far, { maxDepth: 1 }, weights);
      expect(nodes.value[0]).toBe(4.5);
      // Between the sides: 4 x 2 / 6 x 8^2, or weighted 6 x 6 / 12 x (51 - 4)^2 / 36.
      expect(importance).toAgree([weights?.[0] === 2 ? 3 * (8.5 - 4 / 6) ** 2 : (8 / 6) * 64], 1e-12);
    }
  });

  it('tries only as many features as asked at a split, constant ones aside', () => {
    // Feature 0 is constant, 1 useless, 2 perfect.
    const columns = [
      [7, 7, 7, 7],
      [1, 2, 1, 2],
      [1, 1, 2, 2],
    ];
    const firsts = Array.from({ length: 60 }, (_, seed) => {
      const { nodes } = grow(columns, [0, 0, 9, 9], { featuresPerSplit: 1, maxDepth: 1, random: seededRandom(seed) });
      return nodes.feature[0];
    });
    // A constant feature does not use up the draw: never a leaf, and half of the trees draw the useless one.
    expect(new Set(firsts)).toEqual(new Set([1, 2]));
    const useless = firsts.filter((f) => f === 1).length;
    expect(useless).toBeGreaterThan(15);
    expect(useless).toBeLessThan(45);
    expect(grow(columns, [0, 0, 9, 9], { featuresPerSplit: 2, maxDepth: 1 }).nodes.feature[0]).toBe(2);
    expect([...grow([[7, 7]], [1, 3]).nodes.value]).toEqual([2]);
  });

  it('puts thresholds between floats, also where their sum overflows or rounds up', () => {
    expect(grow([[1e308, 1.5e308]], [0, 1]).nodes.value[0]).toBe(1.25e308);
    const next = 1 + Number.EPSILON;
    expect(grow([[1, next]], [0, 1]).nodes.value[0]).toBe(1);
    expect(grow([[next, next + Number.EPSILON]], [0, 1]).nodes.value[0]).toBe(next);
    expect(grow([[0, Number.MIN_VALUE]], [0, 1]).nodes.value[0]).toBe(0);
    expect(grow([[Number.MIN_VALUE, 2 * Number.MIN_VALUE]], [0, 1]).nodes.value[0]).toBe(Number.MIN_VALUE);
    expect(grow([[-3, -1]], [0, 1]).nodes.value[0]).toBe(-2);
  });

  it('breaks ties between features by chance, not by rounding', () => {
    const mirror = [5, 4, 3, 2, 1];
    const chosen = Array.from(
      { length: 40 },
      (_, seed) => grow([rising[0] ?? [], mirror], y, { random: seededRandom(seed), maxDepth: 1 }).nodes.feature[0],
    );
    const first = chosen.filter((f) => f === 0).length;
    expect(first).toBeGreaterThan(8);
    expect(first).toBeLessThan(32);
  });
});

describe('randomForest, by hand', () => {
  const x = Array.from({ length: 40 }, (_, i) => i);
  const data = dataset(
    at(...x),
    Float64Array.from(x, (v) => v * v),
  );

  it('importance: each tree has one vote', () => {
    const table = featuresOf({ a: [0, 0, 1, 1], b: [0, 1, 0, 1] });
    // y = 3 a + b: gains 9 of 10 and 1 of 10.
    const { model } = randomForest(dataset(table, numbers(0, 1, 3, 4)), { trees: 3, bootstrap: false });
    expect(model.importance).toAgree([0.9, 0.1], 1e-13);
    expect(model).toMatchObject({ kind: 'forest', trees: 3, featureNames: ['a', 'b'] });
    const flat = randomForest(dataset(table, numbers(2, 2, 2, 2)), { trees: 2 });
    expect([...flat.model.importance]).toEqual([0, 0]);
    expect([...flat.model.predict(table)]).toEqual([2, 2, 2, 2]);
  });

  it('weights multiply the counts; rows of weight 0 have no say', () => {
    const table = at(1, 1, 1, 2);
    const weighted = dataset(table, numbers(0, 9, 100, 5), numbers(1, 2, 0, 1));
    const { model } = randomForest(weighted, { trees: 1, bootstrap: false });
    expect([...model.predict(at(1, 2))]).toAgree([6, 5], 1e-14);
    expect(model.trainingRange.rows).toBe(3);
  });

  it('has a hundred full trees of all features from seed 0 unless told otherwise', () => {
    const small = dataset(featuresOf({ a: [1, 5, 2, 8, 3, 9], b: [4, 4, 1, 0, 2, 7] }), numbers(1, 7, 3, 9, 2, 8));
    const plain = throughJSON(randomForest(small).model);
    const spelt = {
      trees: 100,
      maxDepth: Number.POSITIVE_INFINITY,
      minLeaf: 1,
      featuresPerSplit: 2,
      bootstrap: true,
      seed: 0,
    };
    expect(plain).toEqual(throughJSON(randomForest(small, spelt).model));
    for (const change of [{ trees: 99 }, { maxDepth: 1 }, { minLeaf: 2 }, { featuresPerSplit: 1 }, { seed: 1 }]) {
      expect(throughJSON(randomForest(small, { ...spelt, ...change }).model)).not.toEqual(plain);
    }
    expect(randomForest(small, { maxDepth: 0, bootstrap: false }).model.predict(small.features)[0]).toAgree(5, 1e-14);
  });

  it('is written and read back', () => {
    const { model } = randomForest(data, { trees: 4 });
    const json = throughJSON(model) as Record<string, unknown>;
    expect(json).toMatchObject({ kind: 'forest', tree_count: 4, importance: [1] });
    const back = modelFromJSON(json);
    expect(back.predict(at(-1, 3.5, 99))).toEqual(model.predict(at(-1, 3.5, 99)));
    expect(back).toMatchObject({ kind: 'forest', trees: 4, trainingRange: model.trainingRange });
    expect(refusalOf(() => modelFromJSON({ ...json, importance: [] })).message).toBe(
      'importance: must be one a feature (1)',
    );
  });

  it.each([
    ['trees', { trees: 0 }, 'a whole number from 1'],
    ['maxDepth', { maxDepth: -1 }, 'a whole number from 0'],
    ['minLeaf', { minLeaf: 0 }, 'a whole number from 1'],
    ['featuresPerSplit', { featuresPerSplit: 0 }, 'a whole number from 1'],
  ])('refuses %s', (option, options, rule) => {
    expect(refusalOf(() => randomForest(data, options)).message).toContain(`${option}: must be ${rule}; got `);
    expect(() => gradientBoosting(data, { ...options, ...(option === 'maxDepth' ? { maxDepth: 0 } : {}) })).toThrow(
      `${option}: must be `,
    );
  });
});

describe('gradientBoosting, by hand', () => {
  it('starts at the weighted mean and follows the residuals by the rate', () => {
    // Mean 6, residuals -6 and 2: after one stump at half the rate -3 and 1.
    const data = dataset(at(1, 2), numbers(0, 8), numbers(1, 3));
    const { model } = gradientBoosting(data, { trees: 2, learningRate: 0.5 });
    expect(model.predict(at(1, 2))).toAgree([1.5, 7.5], 1e-14);
    expect(model).toMatchObject({ kind: 'boosting', trees: 2, featureNames: ['x'] });
    expect([...model.importance]).toEqual([1]);
    expect(throughJSON(model)).toMatchObject({ kind: 'boosting', start: 6, learning_rate: 0.5, tree_count: 2 });
  });

  it('sums the gains of all trees for the importance', () => {
    // y = 3 a + b: with rate 0.5 the residuals, and a quarter of the gains, are left for the second tree.
    const table = featuresOf({ a: [0, 0, 1, 1], b: [0, 1, 0, 1] });
    const { model } = gradientBoosting(dataset(table, numbers(0, 1, 3, 4)), { trees: 2, learningRate: 0.5 });
    expect(model.importance).toAgree([0.9, 0.1], 1e-13);
  });

  it('has a hundred trees of depth 3 at rate 0.1 from seed 0 unless told otherwise', () => {
    const x = Array.from({ length: 24 }, (_, i) => i);
    const data = dataset(
      featuresOf({ a: x, b: x.map((v) => (v * 7) % 24) }),
      Float64Array.from(x, (v) => Math.sin(v) + ((v * 7) % 24)),
    );
    const plain = throughJSON(gradientBoosting(data).model);
    const spelt = {
      trees: 100,
      learningRate: 0.1,
      maxDepth: 3,
      minLeaf: 1,
      featuresPerSplit: 2,
      seed: 0,
    };
    expect(plain).toEqual(throughJSON(gradientBoosting(data, spelt).model));
    for (const change of [
      { trees: 99 },
      { learningRate: 0.2 },
      { maxDepth: 2 },
      { minLeaf: 2 },
      { featuresPerSplit: 1 },
    ]) {
      expect(throughJSON(gradientBoosting(data, { ...spelt, ...change }).model)).not.toEqual(plain);
    }
    const drawn = (seed: number) =>
      throughJSON(gradientBoosting(data, { ...spelt, trees: 3, featuresPerSplit: 1, seed }).model);
    expect(drawn(0)).toEqual(throughJSON(gradientBoosting(data, { trees: 3, featuresPerSplit: 1 }).model));
    expect(drawn(1)).not.toEqual(drawn(0));
  });

  it('is written and read back', () => {
    const { model } = gradientBoosting(dataset(at(1, 2, 3), numbers(4, 8, 1)), { trees: 5 });
    const json = throughJSON(model) as Record<string, unknown>;
    const back = modelFromJSON(json);
    expect(back.predict(at(0, 2, 9))).toEqual(model.predict(at(0, 2, 9)));
    expect(throughJSON(back)).toEqual(json);
    const refused = (change: object) => refusalOf(() => modelFromJSON({ ...json, ...change })).message;
    expect(refused({ start: null })).toBe('start: must be a finite number; got null');
    expect(refused({ learning_rate: 0 })).toBe('learning_rate: must be a number above 0; got 0');
    expect(refused({ importance: [1, 0] })).toBe('importance: must be one a feature (1)');
  });

  it.each([
    [{ learningRate: 0 }, 'learningRate: must be above 0; got 0'],
    [{ maxDepth: 0 }, 'maxDepth: must be a whole number from 1; got 0'],
  ])('refuses %j', (options, message) => {
    expect(refusalOf(() => gradientBoosting(dataset(at(1), numbers(1)), options)).message).toBe(message);
  });
});
