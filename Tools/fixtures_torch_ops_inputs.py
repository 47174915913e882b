"""How the cases of fixtures_torch_ops.py describe their inputs: each function returns a recipe that a case's own generator cooks."""
import torch


class Recipe:
    def __init__(self, make, grad):
        self.make, self.grad = make, grad


def uniform(low, high):
    # Few decimals, so that a value is the same number in the fixture and in the calculation.
    def recipe(*shape):
        return Recipe(lambda rng: torch.tensor(rng.uniform(low, high, shape).round(2), dtype=torch.float32), True)
    return recipe


r = uniform(-2, 2)
p = uniform(0.2, 2.2)
m = uniform(-0.9, 0.9)


def n(recipe):
    """The same input, without a gradient."""
    return Recipe(recipe.make, False)


def i(low, high, shape):
    return Recipe(lambda rng: torch.tensor(rng.integers(low, high, shape)), False)


def b(*shape):
    return Recipe(lambda rng: torch.tensor(rng.integers(0, 2, shape)).bool(), False)


def perm(count, length):
    """Different indices below `count`."""
    return Recipe(lambda rng: torch.tensor(rng.permutation(count)[:length]), False)


def seed():
    return torch.Generator().manual_seed(7)
