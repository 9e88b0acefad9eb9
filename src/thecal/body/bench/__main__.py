"""``python -m thecal.body.bench RACE REPEAT``: one race in a process of its own, its lines as JSON."""

import json
import sys
from dataclasses import asdict

from thecal.body.bench.races import RACES

if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(line) for line in RACES[sys.argv[1]](int(sys.argv[2]))]))
