/** Colours of the page as it looks now. */
export interface Ink {
  readonly surface: string;
  readonly text: string;
  readonly soft: string;
  readonly line: string;
  readonly decode: string;
  readonly prefill: string;
  readonly waiting: string;
  readonly model: string;
  readonly slow: string;
  readonly fast: string;
}

interface Stroke {
  readonly stroke: string;
  readonly width?: number;
  readonly dash?: readonly number[];
}

interface TextLook {
  readonly fill: string;
  readonly size?: number;
  readonly align?: 'start' | 'center' | 'end';
  readonly isBold?: boolean;
  /** Turned to the left, for the title of an upright axis. */
  readonly isUpright?: boolean;
}

/** What a picture is drawn on: a canvas on the page, or the text of an SVG file. Pixels from the upper left corner. */
export interface Surface {
  rect(x: number, y: number, width: number, height: number, fill: string, opacity?: number): void;
  /** A line through points `x0, y0, x1, y1, ...`. */
  line(points: ArrayLike<number>, look: Stroke): void;
  /** The area inside points. */
  area(points: ArrayLike<number>, fill: string, opacity: number): void;
  dot(x: number, y: number, radius: number, fill: string): void;
  /** Text whose baseline lies at y. */
  text(x: number, y: number, text: string, look: TextLook): void;
  /** Nothing of what `draw` draws leaves this rectangle. */
  inside(x: number, y: number, width: number, height: number, draw: () => void): void;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture that fits any size and look. */
export type Drawing = (surface: Surface, size: Size, ink: Ink) => void;

export const FONT = "'DejaVu Sans', Verdana, system-ui, sans-serif";
