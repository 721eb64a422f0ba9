"""`python -m synthetic.cli`: the command line where its script is not on the path."""

import sys

from synthetic.cli.main import main

sys.exit(main())
