"""caught.py TEXT COMMAND…: the command, a test of a mutant, fails and says TEXT."""

import os
import subprocess
import sys

text, command = sys.argv[1], sys.argv[2:]
limit = 280 * int(os.environ.get("ISO_TEST_SLOWER", 1))
test = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit, check=False)
print(test.stdout)
if test.returncode == 0:
    sys.exit("the mutant was not caught")
if text not in test.stdout:
    sys.exit(f"the test failed, but not over the planted fault: it never said {text!r}")
print("caught")
