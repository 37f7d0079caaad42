import { between, count } from '@stepclock/model-file';
import * as v from 'valibot';
import { fault } from '../fault.js';
import { type TreeNodes, TreeNodesBuilder } from './tree-nodes.js';

/** `atob` says whether it is. */
const base64 = v.string('must be base64');

/**
 * Trees as JSON: three base64 strings, little-endian. Few thresholds and leaf values are distinct in a forest, so each is written once, to the
 * last bit, and nodes point into that table; the children follow from the preorder. About 5 characters a node.
 */
export const treesSchema = {
  /** Share of each feature in what the splits explain. */
  importance: v.array(between(0, 1), 'must be an array of numbers'),
  tree_count: v.pipe(count, v.minValue(1, 'must be a whole number of at least 1')),
  node_count: count,
  /** One byte a node: the feature of a split, 255 at a leaf. */
  split_features: base64,
  /** Distinct thresholds and leaf values, 64-bit floats. */
  value_table: base64,
  /** A node's place in `value_table`, `value_index_bytes` bytes each. */
  value_index: base64,
  value_index_bytes: v.picklist([1, 2, 4], 'must be 1, 2 or 4'),
};

export type EncodedTrees = v.InferOutput<v.ObjectSchema<typeof treesSchema, undefined>>;

/** 255 means a leaf. */
export const MAX_TREE_FEATURES = 255;
const LEAF = 255;

export const encodeTrees = (nodes: TreeNodes, importance: Float64Array): EncodedTrees => {
  const count = nodes.feature.length;
  const places = new Map<number, number>();
  const features = new Uint8Array(count);
  const index = new Uint32Array(count);
  for (let node = 0; node < count; node++) {
    const feature = nodes.feature[node];
    const value = nodes.value[node];
    features[node] = feature < 0 ? LEAF : feature;
    let place = places.get(value);
    if (place === undefined) {
      place = places.size;
      places.set(value, place);
    }
    index[node] = place;
  }
  const width = places.size <= 2 ** 8 ? 1 : places.size <= 2 ** 16 ? 2 : 4;
  const table = new DataView(new ArrayBuffer(8 * places.size));
  for (const [value, place] of places) table.setFloat64(8 * place, value, true);
  const packed = new Uint8Array(count * width);
  for (let node = 0; node < count; node++) {
    for (let b = 0; b < width; b++) packed[node * width + b] = index[node] >>> (8 * b);
  }
  return {
    importance: [...importance],
    tree_count: nodes.roots.length,
    node_count: count,
    split_features: toBase64(features),
    value_table: toBase64(new Uint8Array(table.buffer)),
    value_index: toBase64(packed),
    value_index_bytes: width,
  };
};

/** @throws Fault `regression/bad-model` when the nodes do not make up the trees that the header promises */
export const decodeTrees = (json: EncodedTrees, featureCount: number): TreeNodes => {
  const { tree_count: treeCount, node_count: nodeCount, value_index_bytes: width } = json;
  if (json.importance.length !== featureCount) throw bad('importance', `must be one a feature (${featureCount})`);
  const features = bytesOf(json, 'split_features', nodeCount);
  const packed = bytesOf(json, 'value_index', nodeCount * width);
  const tableBytes = bytesOf(json, 'value_table');
  const table = new DataView(tableBytes.buffer);
  const builder = new TreeNodesBuilder();
  // A split waits for its left subtree to end; what follows then is its right child.
  const waiting: number[] = [];
  let trees = 0;
  let atRoot = true;
  for (let node = 0; node < nodeCount; node++) {
    let place = 0;
    for (let b = 0; b < width; b++) place += packed[node * width + b] * 2 ** (8 * b);
    if (8 * place + 8 > tableBytes.length) throw bad('value_index', 'must point into value_table');
    const value = table.getFloat64(8 * place, true);
    if (!Number.isFinite(value)) throw bad('value_table', 'must hold finite numbers');
    const feature = features[node];
    if (feature !== LEAF && feature >= featureCount) {
      throw bad('split_features', `must name a feature below ${featureCount}`);
    }
    if (atRoot) {
      builder.startTree();
      trees++;
    }
    builder.add(feature === LEAF ? -1 : feature, value);
    if (feature !== LEAF) waiting.push(node);
    else {
      const parent = waiting.pop();
      if (parent !== undefined) builder.setRight(parent, node + 1);
      atRoot = parent === undefined;
      continue;
    }
    atRoot = false;
  }
  if (!atRoot || trees !== treeCount) throw bad('split_features', `must make up ${treeCount} whole trees`);
  return builder.finish();
};

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  const chunk = 8192;
  for (let i = 0; i < bytes.length; i += chunk) text += String.fromCharCode(...bytes.subarray(i, i + chunk));
  return btoa(text);
};

const bad = (what: string, rule: string) => fault('regression/bad-model', { what, rule });

const bytesOf = (
  json: EncodedTrees,
  key: 'split_features' | 'value_index' | 'value_table',
  length?: number,
): Uint8Array<ArrayBuffer> => {
  let text: string;
  try {
    text = atob(json[key]);
  } catch (error) {
    if (error instanceof DOMException) throw bad(key, 'must be base64');
    throw error;
  }
  if (length !== undefined && text.length !== length) throw bad(key, `must hold ${length} bytes`);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
};
