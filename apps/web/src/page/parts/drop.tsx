import { useRef } from 'preact/hooks';
import type { GivenFile } from '../../messages.js';
import { pickedFiles } from '../files.js';

interface DropProps {
  readonly isSmall: boolean;
  readonly onFiles: (files: readonly GivenFile[]) => void;
  readonly onDemo: () => void;
}

/** Where a log goes in: a drop anywhere, a picker, a paste, or the demo. */
export const DropView = ({ isSmall, onFiles, onDemo }: DropProps) => {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class={isSmall ? 'drop small-drop' : 'drop'}>
      <input
        ref={input}
        type="file"
        multiple
        class="spoken"
        tabIndex={-1}
        aria-label="Log files"
        onChange={({ currentTarget }) => {
          const files = pickedFiles(currentTarget);
          currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
      {isSmall ? null : (
        <>
          <p class="invite">Drop a log of your engine here</p>
          <p class="soft about">
            vLLM, SGLang, TensorRT-LLM, llama.cpp; benchmark results with the time of every token; step logs;
            OpenTelemetry. Gzip too, several files too, with a meta.json of the engine's settings where there is one.
            Nothing leaves this machine.
          </p>
        </>
      )}
      <div class="buttons">
        <button type="button" class={isSmall ? 'small' : 'main'} onClick={() => input.current?.click()}>
          {isSmall ? 'Open another log' : 'Choose files'}
        </button>
        {isSmall ? null : (
          <button type="button" onClick={onDemo}>
            Show a real vLLM log
          </button>
        )}
      </div>
    </div>
  );
};
