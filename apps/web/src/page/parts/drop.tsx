import type { GivenFile } from '../../messages.js';
import { FilePicker } from './file-picker.js';

interface DropProps {
  readonly isSmall: boolean;
  readonly onFiles: (files: readonly GivenFile[]) => void;
  readonly onDemo: () => void;
}

/** Where a log goes in: a drop anywhere, a picker, a paste, or the demo. */
export const DropView = ({ isSmall, onFiles, onDemo }: DropProps) => {
  return (
    <div class={isSmall ? 'drop small-drop' : 'drop'}>
      {isSmall ? null : (
        <>
          <p class="invite">Drop a log of your engine here</p>
          <p class="soft about">
            vLLM, SGLang, TensorRT-LLM, llama.cpp; benchmark results with the time of every token; step logs;
            OpenTelemetry. Gzip too, several files too, with the engine's settings beside them (a meta.json, or the
            server.log that printed them). Nothing leaves this machine.
          </p>
        </>
      )}
      <div class="buttons">
        <FilePicker
          label="Log files"
          text={isSmall ? 'Open another log' : 'Choose files'}
          look={isSmall ? 'small' : 'main'}
          onFiles={onFiles}
        />
        {isSmall ? null : (
          <button type="button" onClick={onDemo}>
            Show a real vLLM log
          </button>
        )}
      </div>
    </div>
  );
};
