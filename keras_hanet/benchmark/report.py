"""Rows of a benchmark -> JSON, CSV, Markdown and a chart."""

from keras_hanet.evaluation.markdown import format_table
from keras_hanet.files import replacing, write_json, write_table
from keras_hanet.reports.charts import draw_intervals
from keras_hanet.reports.svg import standalone
from keras_hanet.version import INTENDED_USE

_TIMES = ("median", "q25", "q75", "p05", "p95")
COLUMNS = (
    *("name", "kind", "threads"),
    *(f"network_ms_{name}" for name in _TIMES),
    *(f"image_ms_{name}" for name in _TIMES),
    *("load_s", "file_mib", "peak_memory_mib", "flops", "gflops_per_s", "share_of_peak"),
)
_HEAD = (
    *("model", "threads", "network, ms", "quartiles", "5-95 %", "PNG to mask, ms", "quartiles", "5-95 %"),
    *("load, s", "file, MiB", "memory, MiB", "GFLOP/s", "of peak"),
)
UNSTEADY = 1.1


def make_report(command, machine, image, settings, rows, peaks, warnings):
    """Put together what `benchmark.json` holds.

    Args:
        command: the command that does this again.
        machine: what `describe_machine` gave.
        image: dict that says what was predicted.
        settings: dict: rounds, and repeats or seconds.
        rows: as `measure` gives them.
        peaks: {threads: GFLOP/s}.
        warnings: list of sentences; one is added for each row whose rounds differ.

    Returns:
        dict, JSON-ready.
    """
    return {
        "command": command,
        "machine": machine,
        "image": image,
        "settings": settings,
        "peak_gflops": {str(num): round(peak, 1) for num, peak in peaks.items()},
        "warnings": [*warnings, *unsteady_warnings(rows)],
        "rows": rows,
        "intended_use": INTENDED_USE,
    }


def unsteady_warnings(rows):
    """A sentence for each row whose slowest round took more than UNSTEADY times as long as its fastest."""
    sentences = []
    for row in rows:
        low, high = min(row["network_ms"]["rounds"]), max(row["network_ms"]["rounds"])
        if high > UNSTEADY * low:
            sentences.append(
                f"{row['name']}, threads: {row['threads']}: the medians of the rounds lie between {low:.2f} and "
                f"{high:.2f} ms; the machine was not steady"
            )
    return sentences


def write_report(folder, report):
    """Write `benchmark.json`, `.csv`, `.md` and `.svg`."""
    write_json(folder / "benchmark.json", report)
    write_table(folder / "benchmark.csv", COLUMNS, [_flat(row) for row in report["rows"]])
    texts = {"md": format_report(report) + "\n", "svg": draw_chart(report["rows"])}
    for suffix, content in texts.items():
        with replacing(folder / f"benchmark.{suffix}") as temporary:
            temporary.write_text(content, encoding="utf-8")


def format_report(report):
    """Write a report as Markdown."""
    machine = report["machine"]
    peaks = ", ".join(f"{peak:g} GFLOP/s at {num}" for num, peak in report["peak_gflops"].items())
    lines = [
        f"Processor: {machine['cpu'] or 'unknown'}, {machine['cores']} cores, {' '.join(machine['flags'])}; load "
        f"{machine['load_average']:g} at the start. Float32 matrix product, by threads: {peaks}.",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in machine["versions"].items()) + ".",
        f"Image: {report['image']['what']}, {report['image']['height_px']} x {report['image']['width_px']}. "
        + _format_settings(report["settings"]),
        *(f"Warning: {sentence}." for sentence in report["warnings"]),
        format_rows(report["rows"]),
        f"`{report['command']}`",
        report["intended_use"],
    ]
    return "\n\n".join(["# Benchmark", *lines])


def format_rows(rows):
    """The table of a report as Markdown; empty cells are what does not apply or is not known."""
    return format_table([_HEAD, *map(_cells, rows)])


def draw_chart(rows):
    """Median and quartiles of the network alone, one line a row: SVG with its own style."""
    lines = []
    for row in rows:
        spread = row["network_ms"]
        lines.append((f"{row['threads']} thr. {row['name']}", spread["median"], (spread["q25"], spread["q75"])))
    title = "Time of the network alone on one image, by threads"
    return standalone(draw_intervals("benchmark", title, "network alone, ms: median and quartiles", lines))


def _cells(row):
    return (
        row["name"],
        str(row["threads"]),
        *_format_spread(row["network_ms"]),
        *_format_spread(row["image_ms"]),
        f"{row['load_s']:.2f}",
        f"{row['file_mib']:.2f}",
        f"{row['peak_memory_mib']:.0f}",
        "" if row["gflops_per_s"] is None else f"{row['gflops_per_s']:.1f}",
        "" if row["share_of_peak"] is None else f"{row['share_of_peak']:.0%}",
    )


def _format_spread(spread):
    if spread is None:
        return "", "", ""
    return (
        f"{spread['median']:.2f}",
        f"{spread['q25']:.2f}-{spread['q75']:.2f}",
        f"{spread['p05']:.2f}-{spread['p95']:.2f}",
    )


def _format_settings(settings):
    runs = f"{settings['repeats']} runs" if settings["repeats"] else f"{settings['seconds']:g} s of runs"
    return f"{settings['rounds']} rounds, in each {runs} a row after a warm-up, each row in a process of its own."


def _flat(row):
    values = {name: value for name, value in row.items() if not isinstance(value, dict)}
    for key in ("network_ms", "image_ms"):
        values |= {f"{key}_{name}": (row[key] or {}).get(name) for name in _TIMES}
    return {name: values[name] for name in COLUMNS}
