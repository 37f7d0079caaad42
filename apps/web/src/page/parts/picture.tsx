import { useMemo } from 'preact/hooks';
import type { Drawing } from '../../drawing/surface.js';
import { Figure } from '../figure.js';

interface PictureProps<View> {
  readonly name: string;
  readonly heading: string;
  readonly title: string;
  readonly view: View;
  readonly words: (view: View) => string;
  readonly drawing: (view: View) => Drawing;
  readonly height: number;
}

/** A section of one picture, drawn once for what it shows. */
export const PictureView = <View,>({ name, heading, title, view, words, drawing, height }: PictureProps<View>) => {
  const draw = useMemo(() => drawing(view), [view]);
  const said = useMemo(() => words(view), [view]);
  return (
    <section aria-labelledby={`${name}-title`} id={name}>
      <h2 id={`${name}-title`}>{heading}</h2>
      <Figure name={name} title={title} words={said} draw={draw} height={height} />
    </section>
  );
};
