import { FONT, type Surface } from './surface.js';

/** A canvas as a surface. The context is scaled to the pixels of the screen already. */
export const canvasSurface = (context: CanvasRenderingContext2D): Surface => {
  const path = (points: ArrayLike<number>): void => {
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
  };
  return {
    rect: (x, y, width, height, fill, opacity = 1) => {
      context.globalAlpha = opacity;
      context.fillStyle = fill;
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
    },
    line: (points, { stroke, width = 1, dash = [] }) => {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.lineJoin = 'round';
      context.setLineDash([...dash]);
      path(points);
      context.stroke();
      context.setLineDash([]);
    },
    area: (points, fill, opacity) => {
      context.globalAlpha = opacity;
      context.fillStyle = fill;
      path(points);
      context.fill();
      context.globalAlpha = 1;
    },
    dot: (x, y, radius, fill) => {
      context.fillStyle = fill;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    },
    text: (x, y, text, { fill, size = 11, align = 'start', isBold = false, isUpright = false }) => {
      context.font = `${isBold ? 'bold ' : ''}${size}px ${FONT}`;
      context.textAlign = align;
      context.fillStyle = fill;
      if (!isUpright) {
        context.fillText(text, x, y);
        return;
      }
      context.save();
      context.translate(x, y);
      context.rotate(-Math.PI / 2);
      context.fillText(text, 0, 0);
      context.restore();
    },
    inside: (x, y, width, height, draw) => {
      context.save();
      context.beginPath();
      context.rect(x, y, width, height);
      context.clip();
      draw();
      context.restore();
    },
  };
};
