"""Exercises of notebook 30."""

from scipy import stats

from sepmodels.course.exercises.exercise import Exercise


def _p_value(right, trials):
    """The probability that guesses give so many right answers or more."""
    return stats.binomtest(right, trials, 0.5, alternative="greater").pvalue


def _needed(trials, level):
    found = (right for right in range(trials + 1) if _p_value(right, trials) < level)
    return next(found, trials + 1)


EXERCISES = {
    "30.1": Exercise(
        _p_value,
        lambda: [(12, 16), (9, 16), (0, 8), (8, 8)],
        {
            "That is the probability of exactly so many; add those of more right answers.": (
                lambda right, trials: stats.binom.pmf(right, trials, 0.5)
            ),
            "That is the probability of more than so many; include the number itself.": (
                lambda right, trials: stats.binom.sf(right, trials, 0.5)
            ),
            "That is the probability of so many or fewer; sum over the upper end.": (
                lambda right, trials: stats.binom.cdf(right, trials, 0.5)
            ),
        },
    ),
    "30.2": Exercise(
        _needed,
        lambda: [(16, 0.05), (8, 0.05), (32, 0.01), (4, 0.05), (1, 0.5)],
    ),
}
