import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { configurationFor, type DeviceModel, readDeviceModel } from '@stepclock/token2metrics';
import { inputFault, usageFault } from '../../session/errors.js';
import type { ModelArgs } from './options.js';

/** Where models go and come from unless told otherwise. */
export const MODEL_FOLDER = 'token2metrics';

/** A model's name as a file name. */
export const modelFileName = (model: string): string => {
  const safe = model.trim().replaceAll(/[/\\]+/g, '--');
  if (safe === '' || safe.startsWith('.')) {
    throw usageFault('--model', 'must be a name for a file, without a leading dot', model);
  }
  return `${safe}.json`;
};

const readModelFile = async (path: string): Promise<DeviceModel> => readDeviceModel(await readFile(path, 'utf8'), path);

const modelsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();

/** Reads the model that `--model` and `--model-path` name. */
export const readModel = async ({
  model,
  modelPath = MODEL_FOLDER,
}: ModelArgs): Promise<{ readonly model: DeviceModel; readonly path: string }> => {
  const facts = await stat(modelPath);
  if (facts.isFile()) {
    const read = await readModelFile(modelPath);
    const wanted = model === undefined ? read.name : (configurationFor(model)?.name ?? model);
    if (wanted !== read.name) throw inputFault(modelPath, `must be the model ${wanted}; got one of ${read.name}`);
    return { model: read, path: modelPath };
  }
  const known = await modelsIn(modelPath);
  const only = known.length === 1 ? known[0] : undefined;
  const name = model === undefined ? only : (configurationFor(model)?.name ?? model);
  if (name === undefined)
    throw usageFault('--model', `must say which; ${modelPath} has ${known.join(', ') || 'no models'}`);
  const file = modelFileName(name);
  if (!known.includes(file.slice(0, -'.json'.length))) {
    throw inputFault(modelPath, `must hold a model of ${name}; got ${known.join(', ') || 'no models'}`);
  }
  const path = join(modelPath, file);
  return { model: await readModelFile(path), path };
};
