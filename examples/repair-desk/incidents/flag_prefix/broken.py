"""Command line flags of the map exporter."""

FLAGS = ("--outline", "--output", "--overwrite", "--quiet", "--scale")


def resolve(word):
    """Find the flag meant by a word, which may be abbreviated."""
    for flag in FLAGS:
        if flag.startswith(word):
            return flag
    raise SystemExit("unknown flag: " + word)


def parse(argv):
    """Read `--flag value` pairs; a flag without a value is simply on."""
    options = {}
    words = list(argv)
    while words:
        flag = resolve(words.pop(0))
        has_value = bool(words) and not words[0].startswith("--")
        options[flag[2:]] = words.pop(0) if has_value else True
    return options
