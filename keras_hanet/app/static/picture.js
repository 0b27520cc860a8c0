// The canvas: image, outline, numbers of the lesions and, where millimetres are known, a scale bar.

const ORANGE = "#ff9600"; // keras_hanet.drawing.PREDICTED_COLOUR
const TALLEST = 0.76; // of the window
const BAR_MM = 10;

export class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.opacity = 1;
    this.image = null;
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    window.addEventListener("resize", () => this.draw());
  }

  /** Show an image (ImageBitmap) of a result, as yet without an outline. */
  show(image, result) {
    this.image?.close();
    Object.assign(this, { image, result, outline: null });
    this.canvas.hidden = false;
  }

  setOutline(outline) {
    this.outline = outline;
    this.draw();
  }

  draw() {
    if (this.image === null) return;
    const { width, height } = this.image;
    const room = this.canvas.parentElement.clientWidth;
    const scale = Math.min(room / width, (TALLEST * window.innerHeight) / height);
    const dots = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    this.canvas.style.width = `${wide}px`;
    this.canvas.style.height = `${high}px`;
    this.canvas.width = Math.round(wide * dots);
    this.canvas.height = Math.round(high * dots);
    const context = this.canvas.getContext("2d");
    context.scale(dots, dots);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.image, 0, 0, wide, high);
    this.drawOutline(context, wide, high);
    this.drawScaleBar(context, wide, high);
  }

  drawOutline(context, wide, high) {
    if (this.outline === null || this.opacity === 0) return;
    const path = new Path2D();
    path.addPath(this.outline, new DOMMatrix().scale(wide, high));
    context.save();
    context.globalAlpha = this.opacity;
    context.lineCap = "round";
    for (const [colour, thickness] of [["rgb(0 0 0 / 55%)", 4.5], [ORANGE, 2.25]]) {
      context.strokeStyle = colour;
      context.lineWidth = thickness;
      context.stroke(path);
    }
    this.numberLesions(context, wide, high);
    context.restore();
  }

  numberLesions(context, wide, high) {
    const { lesions, width, height } = this.result;
    if (lesions.length < 2) return;
    lesions.forEach((lesion, i) => {
      const x = ((lesion.left_px + lesion.box_width_px) / width) * wide + 6;
      const y = (lesion.top_px / height) * high;
      write(context, `${i + 1}`, Math.min(x, wide - 16), Math.max(y, 16), ORANGE);
    });
  }

  drawScaleBar(context, wide, high) {
    const { spacing, width } = this.result;
    if (spacing === null) return;
    const long = (BAR_MM / spacing.column_mm / width) * wide;
    for (const [colour, thickness] of [["rgb(0 0 0 / 70%)", 5], ["#ffffff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = thickness;
      context.beginPath();
      context.moveTo(14, high - 14);
      context.lineTo(14 + long, high - 14);
      context.stroke();
    }
    write(context, `${BAR_MM} mm`, 14, high - 22, "#ffffff");
  }
}

function write(context, text, x, y, colour) {
  context.font = "600 14px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 70%)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
