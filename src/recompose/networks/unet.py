"""The U-Net of paper 5 (appendix A, Figure 9): it denoises, and its channel averages are the features."""

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from recompose.errors import RecomposeError
from recompose.randomness import seed_of

NEGLIGIBLE = 1e-6


class Normalization(nn.Module):
    """Divide an image's activations by their standard deviation over channels and places; a gain for each channel.

    The mean stays where it is, so that channel averages keep what they say of the image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(images, channels, height, width), the same out."""
        flat = (x if x.is_contiguous() else x.movedim(1, -1)).flatten(1)  # a view in either order of memory
        variance = torch.linalg.vecdot(flat, flat) / flat.shape[1] - flat.mean(dim=1).square()
        return x * ((variance.clamp_min(0) + NEGLIGIBLE).rsqrt()[:, None, None, None] * self.gain)


def block(widths: Iterable[int]) -> nn.Sequential:
    """3x3 convolutions from one width to the next, each followed by the normalization and a ReLU."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), Normalization(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class FeatureUNet(nn.Module):
    """The noise in an image at an unknown level, predicted as it is, or under guidance by a feature vector.

    The features phi(x) are the channel averages at the end of every block but the last. Under guidance towards phi',
    the end of each such block becomes a + g (phi' - mean(a)): with a gain g of one its averages are those asked for.
    The published network has width 64, 3 levels, and 2, 3 and 4 convolutions in the blocks of encoder, middle and
    decoder: 1344 features. Each level halves height and width, and doubles the channels.
    """

    def __init__(
        self,
        names: tuple[str | int, ...],
        *,
        channels: int = 1,
        width: int = 64,
        levels: int = 3,
        encoder: int = 2,
        middle: int = 3,
        decoder: int = 4,
        gain: bool = True,
        gain_speed: float = 1.0,
    ) -> None:
        """Its start is drawn from the names, as PyTorch draws those of convolutions.

        gain: whether g is learned, from zero on (the paper does not say from where; the classes are told apart much
        sooner so than from one on); else it is one. gain_speed: how many times the learning rate of Adam g has: its way
        is far longer than that of a weight.
        """
        super().__init__()
        widths = [width * 2**level for level in range(levels + 1)]
        self.levels = levels
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(*names, "start"))
            self.encoder = nn.ModuleList(
                block([inputs, *[outputs] * encoder]) for inputs, outputs in pairwise([channels, *widths[:-1]])
            )
            self.middle = block([widths[-2], *[widths[-1]] * middle])
            downwards = list(pairwise(reversed(widths)))
            self.up = nn.ModuleList(nn.ConvTranspose2d(inputs, outputs, 2, stride=2) for inputs, outputs in downwards)
            last = decoder - 1  # the last convolution of the last block makes the image
            self.decoder = nn.ModuleList(
                block([inputs, *[outputs] * (last if outputs == width else decoder)]) for inputs, outputs in downwards
            )
            self.out = nn.Conv2d(width, channels, 3, padding=1)
            # From zero: else the first steps, that find the noise's scale, wipe out what features tell of classes.
            for parameter in self.out.parameters():
                nn.init.zeros_(parameter)
        self.blocks = [*widths, *reversed(widths[1:-1])]
        self.gain_speed = gain_speed if gain else 1.0
        self.learned = nn.Parameter(torch.full((sum(self.blocks),), 1.0 - gain), requires_grad=gain)

    @property
    def gain(self) -> Tensor:
        """g, (features,). A step of Adam is as long as the learning rate, whatever the parameter's scale."""
        return self.gain_speed * self.learned

    def forward(self, x: Tensor, features: Tensor | None = None) -> Tensor:
        """The noise sigma z in x; (images, channels, height, width) -> the same.

        features: (images, features) that the channel averages are moved to; None for no guidance.
        """
        last, skip, _ = self._blocks(x, features)
        return self.out(self._decode(self.levels - 1, last, skip))

    def features(self, x: Tensor) -> Tensor:
        """phi(x), (images, features), without guidance."""
        return torch.cat(self._blocks(x, None)[2], dim=1)

    def _blocks(self, x: Tensor, features: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
        """All blocks but the last: what goes into that, from below and from across, and the averages on the way."""
        self._require_divisible(x)
        wanted = None if features is None else torch.split(features, self.blocks, dim=1)
        averages: list[Tensor] = []

        def end(x: Tensor) -> Tensor:
            place = len(averages)
            averages.append(x.mean(dim=(2, 3)))
            return x if wanted is None else x + self.guidance(place, wanted[place], averages[place])[:, :, None, None]

        skips = []
        for encode in self.encoder:
            skips.append(end(encode(x)))
            x = functional.avg_pool2d(skips[-1], 2)
        x = end(self.middle(x))
        for place in range(self.levels - 1):
            x = end(self._decode(place, x, skips.pop()))
        return x, skips.pop(), averages

    def _decode(self, place: int, x: Tensor, skip: Tensor) -> Tensor:
        return self.decoder[place](torch.cat([self.up[place](x), skip], dim=1))

    def guidance(self, place: int, wanted: Tensor, average: Tensor) -> Tensor:
        """What is added to the channels at the end of a block, (images, channels)."""
        return torch.split(self.gain, self.blocks)[place] * (wanted - average)

    def _require_divisible(self, x: Tensor) -> None:
        smallest = 2**self.levels
        height, width = x.shape[-2:]
        if height % smallest or width % smallest:
            raise RecomposeError(
                f"images of {height}x{width}: a network of {self.levels} levels takes multiples of {smallest}"
            )


class LabelledUNet(FeatureUNet):
    """The same network told its class by a learned vector of as many components as there are features.

    It is added at the same places, in the place of the feature's deviation; class 0 stands for no class, as
    classifier-free guidance needs it (Ho & Salimans, 2022).
    """

    def __init__(self, names: tuple[str | int, ...], *, classes: int, **shape: int) -> None:
        """Networks of the same names and shape start alike, whatever they are told."""
        super().__init__(names, gain=False, **shape)
        self.labels = nn.Embedding(classes + 1, sum(self.blocks), _weight=torch.zeros(classes + 1, sum(self.blocks)))

    def guidance(self, place: int, wanted: Tensor, average: Tensor) -> Tensor:
        """The class's own share for this block."""
        return wanted
