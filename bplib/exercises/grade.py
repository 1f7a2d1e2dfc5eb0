"""Grade a folder of learners' notebooks: `python -m bplib.exercises.grade FOLDER`; see `grading.command`."""

import sys

from .grading.command import main

if __name__ == "__main__":
    sys.exit(main())
