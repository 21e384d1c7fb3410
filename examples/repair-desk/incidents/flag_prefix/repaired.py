"""Command line flags of the map exporter."""

FLAGS = ("--outline", "--output", "--overwrite", "--quiet", "--scale")


class UsageError(ValueError):
    """The command line cannot be understood."""


def resolve(word):
    """Find the flag meant by a word, which may be abbreviated."""
    if word in FLAGS:
        return word
    meant = [flag for flag in FLAGS if flag.startswith(word)]
    if not meant:
        raise UsageError("unknown flag: " + word)
    if len(meant) > 1:
        raise UsageError("{} could be {}".format(word, " or ".join(meant)))
    return meant[0]


def parse(argv):
    """Read `--flag value` pairs; a flag without a value is simply on."""
    options = {}
    words = list(argv)
    while words:
        flag = resolve(words.pop(0))
        has_value = bool(words) and not words[0].startswith("--")
        options[flag[2:]] = words.pop(0) if has_value else True
    return options
