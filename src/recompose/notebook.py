"""Run a notebook on a results tree, and turn it into one HTML file that needs no network."""

import tempfile
from pathlib import Path

from recompose.errors import RecomposeError
from recompose.storage import write_text

NOTEBOOKS = Path("workflow/notebooks")


def run_notebook(paper: str, results: str | Path, output: str | Path) -> None:
    """Execute the notebook of a paper with the parameter `results`; write HTML, its code hidden."""
    import papermill
    from nbconvert import HTMLExporter

    source = NOTEBOOKS / f"{paper}.ipynb"
    if not source.exists():
        raise RecomposeError(f"{source}: no such notebook; run this in the folder of the repository")
    if "results" not in papermill.inspect_notebook(str(source)):  # papermill itself would only warn
        raise RecomposeError(
            f"{source}: it has no parameter `results`; name it in the cell tagged parameters"
        )
    with tempfile.TemporaryDirectory() as folder:
        executed = str(Path(folder, source.name))
        papermill.execute_notebook(
            str(source),
            executed,
            parameters={"results": str(results)},
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
        )
        # MathJax and require.js would come from a network.
        exporter = HTMLExporter(  # type: ignore[no-untyped-call]
            exclude_input=True, mathjax_url="", require_js_url=""
        )
        html, _ = exporter.from_filename(executed)
    write_text(html, output)
