// What the page says of a result, in sentences and rows.

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six"];
const MAX_COLUMNS = 4;
const SPACE = "\u00a0"; // between a number and its unit, where no line may break
const ROWS = [
  ["Long axis", "long_axis", "length"],
  ["Long axis, 90 % range", "long_axis", "range"],
  ["Short axis", "short_axis", "length"],
  ["Depth, anteroposterior", "depth", "length"],
  ["Width, transverse", "transverse", "length"],
  ["Area", "area", "area"],
  ["Distance to the image edge", "edge_distance", "length"],
  ["Depth to width", "depth_to_width", "number"],
  ["Orientation", "orientation", "word"],
  ["Long axis to skin", "long_axis_angle_deg", "angle"],
  ["Circularity, 1 is a circle", "circularity", "number"],
  ["Solidity, 1 has no notch", "solidity", "number"],
  ["Irregularity, 0 is smooth", "irregularity", "number"],
];

/** "12.3 mm", or "140 px" where millimetres are not known. */
export function lengthOf(lesion, name) {
  const mm = lesion[`${name}_mm`];
  return mm === null ? `${lesion[`${name}_px`].toFixed(0)}${SPACE}px` : `${mm.toFixed(1)}${SPACE}mm`;
}

/** Where 9 in 10 true long axes lie: "10.9 to 14.2 mm"; null where that is not known. */
function rangeOf(lesion) {
  for (const [unit, digits] of [["mm", 1], ["px", 0]]) {
    const [low, high] = [lesion[`long_axis_low_${unit}`], lesion[`long_axis_high_${unit}`]];
    if (low !== null) return `${low.toFixed(digits)} to ${high.toFixed(digits)}${SPACE}${unit}`;
  }
  return null;
}

/** The result in one sentence, or a few: what a screen reader announces. */
export function summarise(result) {
  const { lesions } = result;
  if (lesions.length === 0) return `No lesion outlined. ${doubtOf(result)}`;
  const [first] = lesions;
  const count = `${NUMBERS[lesions.length] ?? lesions.length} lesion${lesions.length > 1 ? "s" : ""}`;
  const range = rangeOf(first) === null ? "" : ` (${rangeOf(first)})`;
  const size = `${lengthOf(first, "long_axis")}${range} by ${lengthOf(first, "short_axis")}, ${first.orientation}`;
  const cut = first.is_cut ? " It touches the edge of the image and may be larger." : "";
  return `${count}, ${lesions.length > 1 ? "the largest " : ""}${size}.${cut} ${doubtOf(result)}`;
}

function doubtOf({ doubtful }) {
  if (doubtful === null) return "Doubt was not judged.";
  return doubtful ? "Doubtful." : "Not doubtful.";
}

/** What is to be thought of it: {kind: "warns" | "unknown" | "fine", words, flags}. */
export function verdictOf({ doubtful, flags }) {
  const sentences = flags.map((flag) => flag.sentence);
  const say = (kind, words) => ({ kind, words, flags: sentences });
  if (doubtful) return say("warns", "Doubtful: do not rely on this outline.");
  if (flags.length) return say("warns", "Look twice: something speaks against this result.");
  if (doubtful === null) return say("unknown", "Not judged: there is no record of when this model errs. Check by eye.");
  return say("fine", "Not doubtful. Check the outline by eye all the same.");
}

/** Header and rows of the table of measures. */
export function tabulate({ lesions }) {
  const shown = lesions.slice(0, MAX_COLUMNS);
  const header = shown.length > 1 ? shown.map((_, i) => `Lesion ${i + 1}`) : ["Lesion"];
  const rows = ROWS.map(([title, name, kind]) => [title, ...shown.map((lesion) => cellOf(lesion, name, kind))]);
  return { header, rows: rows.filter(([, ...cells]) => cells.some((cell) => cell !== null)) };
}

function cellOf(lesion, name, kind) {
  if (kind === "length") return lengthOf(lesion, name);
  if (kind === "range") return rangeOf(lesion);
  if (kind === "angle") return `${lesion[name].toFixed(0)}°`;
  if (kind === "number") return lesion[name].toFixed(2);
  if (kind === "word") return lesion[name];
  return lesion.area_mm2 === null ? `${lesion.area_px}${SPACE}px` : `${lesion.area_mm2.toFixed(1)}${SPACE}mm²`;
}

/** Why there are no millimetres, and what is not in the table. */
export function noteOn({ lesions, spacing }) {
  const notes = [];
  if (spacing === null) notes.push("No millimetres: the file holds no spacing. Sizes are in pixels (px) of the image.");
  else if (lesions.some((lesion) => lesion.is_cut)) {
    notes.push("A lesion at the edge has no millimetres, how far it goes on is not known: its sizes are in pixels (px).");
  }
  const hidden = lesions.length - MAX_COLUMNS;
  if (hidden > 0) notes.push(`${hidden} smaller one${hidden > 1 ? "s are" : " is"} in the CSV table below.`);
  return notes.join(" ");
}

/** Names and values of the facts: [[name, value], ...]. */
export function factsOf(result) {
  const { spacing, frames } = result;
  const facts = [
    ["Probability of a lesion", result.lesion_probability === null ? "not judged" : percent(result.lesion_probability)],
    ["Expected overlap (Dice)", result.expected_dice === null ? "not judged" : result.expected_dice.toFixed(2)],
    ["Image", `${result.width} × ${result.height} px`],
    ["Pixel", spacing ? `${spacing.column_mm.toFixed(3)} × ${spacing.row_mm.toFixed(3)} mm` : "size not known"],
  ];
  if (frames.num > 1) facts.push(["Frame", `${frames.index + 1} of ${frames.num}`]);
  facts.push(["Model", result.model.name]);
  return facts;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;

/** What the picture shows, for who cannot see it. */
export function describePicture({ name, width, height, lesions }) {
  const image = `Ultrasound image ${name}, ${width} by ${height} pixels`;
  if (lesions.length === 0) return `${image}, without an outline.`;
  const places = lesions.slice(0, MAX_COLUMNS).map((lesion) => {
    const across = Math.round((100 * lesion.centre_column_px) / width);
    const down = Math.round((100 * lesion.centre_row_px) / height);
    return `its centre ${across} % from the left and ${down} % from the top`;
  });
  const outlines = lesions.length > 1 ? `${lesions.length} orange outlines` : "an orange outline";
  return `${image}, with ${outlines}: ${places.join("; ")}.`;
}
