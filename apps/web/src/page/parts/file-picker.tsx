import { useRef } from 'preact/hooks';
import type { GivenFile } from '../../messages.js';
import { pickedFiles } from '../files.js';

interface FilePickerProps {
  /** What the files are, for whoever does not see the button. */
  readonly label: string;
  readonly text: string;
  readonly look?: 'main' | 'small';
  readonly onFiles: (files: readonly GivenFile[]) => void;
}

/** A button that asks for files. */
export const FilePicker = ({ label, text, look, onFiles }: FilePickerProps) => {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        class="spoken"
        tabIndex={-1}
        aria-label={label}
        onChange={({ currentTarget }) => {
          const files = pickedFiles(currentTarget);
          currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
      <button type="button" class={look} onClick={() => input.current?.click()}>
        {text}
      </button>
    </>
  );
};
