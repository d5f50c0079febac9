"""What the networks compute: of pairs batches whose inputs are rows of embeddings, and scores of all pairs; of images plain batches."""

from __future__ import annotations

from dataclasses import replace

from engine.contract.work import Work, modules, training
from engine.networks.sizes import NetworkSize
from engine.phenomena.grokking.config import LINEAR, GrokkingConfig
from engine.phenomena.grokking.omnigrok import size as images
from engine.phenomena.grokking.omnigrok.settings import settings_of as image_settings

SWEPT = 18  # further settings of the sweep, which rest once they have grokked
REST = 0.6  # of the steps that those make
TRANSFORMER = 12  # times what a network on pairs computes
SCORES = 6  # passes over all pairs that a measurement is worth, with its Fourier transforms
ON = 1.5  # times the steps, since waves are read later than grokking
FORWARD = 1 / 3  # of what a step computes
PER_DECADE = 20  # measurements, beside the first hundred
LAYERS = 2  # of the decoder
DECODER_CALLS = 25  # as many layers' operations as a step of the decoder makes
SINGLE, KEPT, MADE = 4, 5, 4  # bytes of a number; times the parameters; times what layers make of a batch


def work(config: GrokkingConfig, seeds: int) -> Work:
    """The main setting, one without decay or a control, those of the sweep, and a short one mod 53; or what images take."""
    if config.task == "images":
        return _images(config, seeds)
    pairs, classes = config.tokens**2, config.tokens
    networks = 1 + (config.speedup != "none") + (config.model == "gromov" and config.wd > 0) + config.sweep * SWEPT * REST
    if config.model == "decoder":
        return _decoders(config, networks * seeds, pairs)
    examples = config.fraction * pairs + SCORES * pairs / max(1, config.every)
    main = training(networks, ON * config.steps, classes * config.width, 2 * config.width + 2 * classes, examples, calls=120)
    short = training(3, 100, 53 * 200, 2 * 200 + 106, 53**2 / 2) if config.model == "gromov" else Work()
    return main.times(seeds * (TRANSFORMER if config.model == "transformer" else 1)) + short


def decoder_size(tokens: int, width: int) -> NetworkSize:
    """Return the size of `engine.networks.decoder.Decoder` with two blocks, and what one pair takes as it is computed there.

    Of the four tokens two are computed pair by pair: in the first block but for queries, keys and values, in the second "=" alone and
    the keys and values of both.
    """
    block = 12 * width**2 + 4 * width  # attention 4, hidden layer 8; two normalisations
    per_pair = 2 * 9 * width**2 + (2 * 2 + 10) * width**2 + width * tokens
    units = (2 * 14 + 4 + 14) * width + tokens
    return NetworkSize((tokens + 2 + tokens) * width + LAYERS * block, per_pair, units, DECODER_CALLS)


def _decoders(config: GrokkingConfig, networks: float, pairs: int) -> Work:
    size, shown = decoder_size(config.tokens, config.width), int(config.fraction * pairs)
    batch = min(config.batch, shown // 2) if config.batch else shown
    found = modules(networks, config.steps, size.products, size.units, size.layers, size.parameters, batch, convolve=False)
    measured = _measurements(config)
    scores = modules(networks, measured, size.products, size.units, size.layers, size.parameters, pairs, convolve=False).times(FORWARD)
    held = SINGLE * networks * (KEPT * size.parameters + MADE * size.units * max(batch, pairs) / 4)
    return replace(found + scores, parameters=size.parameters, memory=held)


def _images(config: GrokkingConfig, seeds: int) -> Work:
    size, settings = images.network_size(config), len(image_settings(config))
    networks, batch = seeds * settings, config.batch or config.n
    found = training(networks, config.steps, size.products, size.units, batch)
    scored = config.n + images.test_images(config)
    scores = training(networks, _measurements(config), size.products, size.units, scored).times(FORWARD)
    total = found + scores
    total = total.in_double() if config.precision == "double" else total
    return replace(total, parameters=size.parameters, memory=images.memory(config, settings, seeds))


def _measurements(config: GrokkingConfig) -> float:
    return min(LINEAR, config.steps / config.every) + PER_DECADE * len(str(config.steps))
