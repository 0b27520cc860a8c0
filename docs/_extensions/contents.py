"""The table of contents: chapters and their pages. What no chapter names comes last, so that no page is lost."""

from pathlib import Path

CHAPTERS = {
    "First steps": ("quick-start", "questions", "from-segmentation-models"),
    "The network": ("network", "cart-search", "explain"),
    "Data and scores": ("data", "doctor", "metrics", "experiments", "audit", "robustness", "results/README"),
    "From a frame to millimetres": ("measures", "dicom", "video", "app", "reliability", "security"),
    "To where it is used": (
        *("export", "push", "benchmark", "deploy/tf-serving", "deploy/onnx-runtime", "deploy/openvino", "deploy/cart"),
        "packaging",
    ),
    "Beyond one machine": ("batch", "scale"),
    "Extend": ("add-a-data-set", "add-an-encoder", "add-an-export-format", "decisions/README"),
    "Modules": (
        *("api/names", "api/network", "api/data", "api/scores", "api/training", "api/experiments"),
        *("api/inference", "api/dicom-and-video", "api/export", "api/batch", "api/files"),
    ),
}
BESIDE = {
    "Beside": (
        *("notebooks/README", "benchmarks/README", "saved_models/README", "examples/edge/README"),
        *("CONTRIBUTING", "CHANGELOG"),
    )
}


def chapters(docs):
    """{caption: names of the pages in docs/ that are there}, with what no chapter names under "More"."""
    named = [name for names in CHAPTERS.values() for name in names]
    rest = [path.stem for path in sorted(docs.glob("*.md")) if path.stem not in named]
    decisions = [f"decisions/{path.stem}" for path in sorted((docs / "decisions").glob("0*.md"))]
    there = {
        caption: [name for name in names if (docs / f"{name}.md").is_file()]
        for caption, names in {**CHAPTERS, "Decisions": decisions, "More": rest}.items()
    }
    return {caption: names for caption, names in there.items() if names}


def append_contents(app, docname, source):
    """Put the contents at the end of the front page, hidden: they stand beside every page."""
    if docname != app.config.root_doc:
        return
    found = chapters(Path(app.srcdir) / "docs")
    pages = {caption: [f"docs/{name}" for name in names] for caption, names in found.items()} | BESIDE
    for caption, names in pages.items():
        source[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```\n"])


def setup(app):
    app.connect("source-read", append_contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
