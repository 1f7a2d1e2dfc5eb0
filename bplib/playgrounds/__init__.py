"""The playgrounds and explorers of the lessons, each a file or a folder, built on `bplib.live`."""
