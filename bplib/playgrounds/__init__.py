"""The playgrounds and explorers of the lessons, each a file or a folder; `bplib.live` is what they stand on."""
