// From a mask to the outline that is drawn over the image.

const LONGEST = 1024; // of the grid that is outlined; larger maps are shrunk, or a slider would lag

/** Grey values of a PNG, on a grid of at most LONGEST: {width, height, grey}. */
export async function readGrey(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = rgba[4 * i];
  return { width, height, grey };
}

/**
 * Outline of the pixels whose grey is at least `least`, as a Path2D in units of the image, its width and height 1.
 * The outline runs half-way between a pixel inside and its neighbours outside (marching squares).
 */
export function outlineOf({ width, height, grey }, least) {
  const path = new Path2D();
  const inside = (row, column) =>
    row >= 0 && column >= 0 && row < height && column < width && grey[row * width + column] >= least;
  const move = (point, row, column) => path.moveTo((column + point[0]) / width, (row + point[1]) / height);
  const draw = (point, row, column) => path.lineTo((column + point[0]) / width, (row + point[1]) / height);
  for (let row = 0; row <= height; row += 1) {
    for (let column = 0; column <= width; column += 1) {
      const above = 8 * inside(row - 1, column - 1) + 4 * inside(row - 1, column);
      const corners = above + 2 * inside(row, column) + inside(row, column - 1);
      for (const [from, to] of LINES[corners]) {
        move(SIDES[from], row, column);
        draw(SIDES[to], row, column);
      }
    }
  }
  return path;
}

// The square between four pixel centres has its middle at (0, 0); its sides lie half a pixel away.
const SIDES = { top: [0, -0.5], right: [0.5, 0], bottom: [0, 0.5], left: [-0.5, 0] };
// By which corners lie inside, 8 upper left, 4 upper right, 2 lower right, 1 lower left: the lines between sides.
const LINES = [
  [], [["left", "bottom"]], [["bottom", "right"]], [["left", "right"]],
  [["top", "right"]], [["top", "left"], ["bottom", "right"]], [["top", "bottom"]], [["top", "left"]],
  [["top", "left"]], [["top", "bottom"]], [["top", "right"], ["left", "bottom"]], [["top", "right"]],
  [["left", "right"]], [["bottom", "right"]], [["left", "bottom"]], [],
];
