import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFault } from '@stepclock/faults';
import { configurationFor, type DeviceModel, readDeviceModel } from '@stepclock/token2metrics';
import { readTextIfThere, readWhole } from '../../files/input.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
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

const readModelFile = async (path: string, session: Session): Promise<DeviceModel> => {
  const { text, name } = await readWhole(path, session);
  return readDeviceModel(text, name);
};

const modelsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();

/** Where the scripts put their models, one folder a model and regressor: `outputs/qwen_14b_linear/models/`. */
const SCRIPTS_LAYOUT = /^(.+)[\\/][^\\/]*_[^\\/]*[\\/]models[\\/]*$/;

/** The folder or file that `--model-path` means: the path, or its folder `models`; for a path of the scripts that is not there, the folder that held it. */
const placeOf = async (path: string, session: Session): Promise<string> => {
  const kindOf = async (at: string) => stat(at).catch(() => undefined);
  const folderOfModels = async (at: string): Promise<string | undefined> => {
    const within = join(at, 'models');
    const candidates = [at, ...((await kindOf(within))?.isDirectory() ? [within] : [])];
    for (const folder of candidates) if ((await modelsIn(folder)).length > 0) return folder;
    return undefined;
  };
  const kind = await kindOf(path);
  if (kind && !kind.isDirectory()) return path;
  const held = kind ? path : SCRIPTS_LAYOUT.exec(path)?.[1];
  const found = held !== undefined && (await kindOf(held))?.isDirectory() ? await folderOfModels(held) : undefined;
  if (found === undefined && kind === undefined)
    throw inputFault(path, `must be a folder of models or a model file: ${MAKE_ONE}`, 'nothing there');
  if (found !== undefined && found !== path) session.log.warn(`${path}: taking the models of ${found} [model-path]`);
  return found ?? path;
};

const MAKE_ONE = "'stepclock token2metrics train --data FILE --all-models --output FOLDER' makes one";

/** Reads the model that `--model` and `--model-path` name. */
export const readModel = async (
  { model, modelPath = MODEL_FOLDER }: ModelArgs,
  session: Session,
): Promise<{ readonly model: DeviceModel; readonly path: string }> => {
  const place = await placeOf(modelPath, session);
  if (!(await stat(place)).isDirectory()) {
    const read = await readModelFile(place, session);
    const wanted = model === undefined ? read.name : (configurationFor(model)?.name ?? model);
    if (wanted !== read.name) throw inputFault(place, `must be the model ${wanted}`, read.name);
    return { model: read, path: place };
  }
  const known = await modelsIn(place);
  const only = known.length === 1 ? known[0] : undefined;
  const name = model === undefined ? only : (configurationFor(model)?.name ?? model);
  const listed = known.length === 0 ? `no model is there: ${MAKE_ONE}` : `${place} has ${known.join(', ')}`;
  if (name === undefined) throw usageFault('--model', `must say which; ${listed}`);
  const file = modelFileName(name);
  if (!known.includes(file.slice(0, -'.json'.length)))
    throw inputFault(place, `must hold a model of ${name}; ${listed}`);
  const path = join(place, file);
  return { model: await readModelFile(path, session), path };
};

/** Says when a model of other measurements is about to be replaced. */
export const announceReplaced = async (path: string, next: DeviceModel, session: Session): Promise<void> => {
  const text = await readTextIfThere(path).catch(() => undefined);
  if (text === undefined) return;
  const old = (() => {
    try {
      return readDeviceModel(text, path);
    } catch (error) {
      if (!isFault(error)) throw error;
      return undefined;
    }
  })();
  const same =
    old?.source.file === next.source.file &&
    old.source.rows === next.source.rows &&
    Object.values(old.metrics).every(({ metric, method }) => next.metrics[metric]?.method === method);
  if (same) return;
  const was =
    old === undefined ? 'a file that is no model of today' : `a model of ${old.source.rows} rows of ${old.source.file}`;
  session.log.warn(`${path}: replacing ${was} [replaced-model]`);
};
