"""What the models of the settings cannot see, because to know it takes torch or another file."""

from recompose.papers.coupled_inference.settings import CoupledInference


def check(settings: CoupledInference) -> None:
    """Refuse unknown methods, and a damaged file of hyperparameters."""
    if settings.methods != "all":
        from recompose.papers.coupled_inference.hyperparameters import published_hyperparameters
        from recompose.papers.coupled_inference.solvers import solvers_named

        solvers_named(settings.methods, published_hyperparameters())
    if settings.hyperparameters == "tuned":
        from recompose.papers.coupled_inference.hyperparameters import tuned_hyperparameters

        tuned_hyperparameters()
