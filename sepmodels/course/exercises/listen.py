"""Exercises of notebook 30."""

from scipy import stats

from sepmodels.course.exercises.exercise import Exercise


def _p_value(right, trials):
    """How probable so many right answers, or more, are for who only guesses."""
    return stats.binomtest(right, trials, 0.5, alternative="greater").pvalue


def _needed(trials, level):
    found = (right for right in range(trials + 1) if _p_value(right, trials) < level)
    return next(found, trials + 1)


EXERCISES = {
    "30.1": Exercise(
        _p_value,
        lambda: [(12, 16), (9, 16), (0, 8), (8, 8)],
        {
            "That is the chance of exactly so many; more would be as good: sum up to the last.": (
                lambda right, trials: stats.binom.pmf(right, trials, 0.5)
            ),
            "That is the chance of more than so many; these themselves belong to the sum.": (
                lambda right, trials: stats.binom.sf(right, trials, 0.5)
            ),
            "That is the chance of so many or fewer, the other end.": lambda right, trials: (
                stats.binom.cdf(right, trials, 0.5)
            ),
            "That counts both ends; only many right answers count.": lambda right, trials: (
                stats.binomtest(right, trials, 0.5).pvalue
            ),
        },
    ),
    "30.2": Exercise(
        _needed,
        lambda: [(16, 0.05), (8, 0.05), (32, 0.01), (4, 0.05), (1, 0.5)],
        {
            "That many are not enough yet: their p-value is not below the level.": (
                lambda trials, level: _needed(trials, level) - 1
            ),
            "One more than needed. So many or more: those themselves are in the p-value.": (
                lambda trials, level: _needed(trials, level) + 1
            ),
        },
    ),
}
