import { textTable } from '@stepclock/charts';
import { ExitCode } from '@stepclock/faults';
import { exportDescription, exportFormats, exportModel, gpuNames, parseLoadFigures } from '@stepclock/step-model';
import { readWhole } from '../../files/input.js';
import { given } from '../../options/given.js';
import { hardwareOptions } from '../../options/hardware-options.js';
import { count, positiveCount, positiveInteger } from '../../options/number-rules.js';
import { choice, flag, number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { readBetasFile } from './betas-input.js';

export const verb = defineVerb({
  options: {
    list: flag('what reads each format, and what of it is exact'),
    betas: text("coefficients, as 'stepclock estimate --json' writes them", 'input'),
    to: choice(exportFormats, 'whose format'),
    output: text('where it goes; - is standard output [-]', 'stream'),
    'decode-seqs': number('operating point: requests that decode side by side', positiveCount),
    'context-tokens': number('operating point: mean context of one of them, tokens', count),
    'prompt-tokens': number('operating point: mean prompt, tokens', count),
    'output-tokens': number('operating point: mean output, tokens', positiveCount),
    'max-num-seqs': number('most requests running at once', positiveInteger),
    'kv-tokens': number('capacity of the KV cache, tokens', positiveInteger),
    'model-id': text('name of the model in the output'),
    gpu: text('name of the device in the output'),
    namespace: text('Kubernetes namespace of the engines, in the output'),
    load: text(
      'what stepclock capacity --json or stepclock replay --json wrote: latencies, requests in the engine',
      'input',
    ),
    hardware: choice(gpuNames, 'the GPU, for formats that compute with its bandwidth'),
    'model-config': hardwareOptions['model-config'],
    'tensor-parallel': hardwareOptions['tensor-parallel'],
  },
  examples: [
    ['$0 export --betas betas.json --to blis-yaml', ''],
    ['$0 export --betas betas.json --to dynamo-mocker-npz --output profile.npz', ''],
    [
      '$0 export --betas betas.json --to wva-queueing-model-config --load capacity.json --model-id llama --namespace prod',
      'targets of the rate that capacity found',
    ],
    ['$0 export --list', ''],
  ],
  run: async (args, session) => {
    const { list, betas, to, output } = args;
    if (list) {
      const rows = exportFormats.map((format) => [format, exportDescription(format)]);
      await session.writeText(output, [`${textTable(rows, [0, 1])}\n`]);
      return ExitCode.ok;
    }
    if (betas === undefined) throw usageFault('--betas', 'must be given');
    if (to === undefined) throw usageFault('--to', 'must be given');
    const file = await readBetasFile(betas, session);
    const config = args.modelConfig === undefined ? undefined : await readWhole(args.modelConfig, session);
    const figures = args.load === undefined ? undefined : await readWhole(args.load, session);
    const exported = exportModel(
      file,
      to,
      given({
        decodeSeqs: args.decodeSeqs,
        contextTokensPerSeq: args.contextTokens,
        promptTokens: args.promptTokens,
        outputTokens: args.outputTokens,
        maxNumSeqs: args.maxNumSeqs,
        kvTokens: args.kvTokens,
        modelId: args.modelId,
        gpu: args.gpu,
        namespace: args.namespace,
        hardware: args.hardware,
        tensorParallelism: args.tensorParallel,
        modelConfig: config?.text,
        modelConfigFile: config?.name,
        load: figures && parseLoadFigures(figures.text, figures.name),
      }),
    );
    for (const { field, conversion, message } of exported.notes) {
      session.log.info(`${field}: ${conversion}: ${message}`);
    }
    if (exported.bytes === undefined) {
      await session.writeText(output, [exported.text]);
    } else if (output === undefined || output === '-') {
      throw usageFault('--output', `must be a path: ${to} is no text`);
    } else {
      await session.writeFile(output, exported.bytes);
    }
    return ExitCode.ok;
  },
});
