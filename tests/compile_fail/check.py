#!/usr/bin/env python3
"""check.py CASE.cpp -- COMPILER ARGS...: CASE.cpp must not compile, with exactly one error line, which matches its
`// error: REGEX` once the spaces that g++ puts between two `>` are gone; its twin, the same file with -DTWIN, must compile
without an error or a warning. TWINS=no in the environment leaves the twin out."""
import os
import re
import subprocess
import sys


def run_compiler(case, command, *more):
    """The exit code, and the lines that the compiler prints."""
    run = subprocess.run([*command, *more, '-fsyntax-only', case], capture_output=True, text=True,
                         env={**os.environ, 'LC_ALL': 'C'})
    return run.returncode, run.stderr.splitlines()


def error_lines(lines):
    return [line for line in lines if ' error: ' in line]


def complaints(case, command):
    """What is wrong with a case, line by line."""
    with open(case) as file:
        wanted = re.search(r'^// error: (.*)$', file.read(), re.M).group(1)
    code, lines = run_compiler(case, command)
    errors = error_lines(lines)
    if code == 0 or len(errors) != 1 or not re.search(wanted, re.sub(r'> (?=>)', '>', errors[0])):
        return [f'{case}: wanted one error that matches', wanted, f'came exit code {code} and {len(errors)} errors',
                *errors, '', 'all output', *lines]
    if os.environ.get('TWINS') == 'no':
        return []
    code, lines = run_compiler(case, command, '-DTWIN')
    if code != 0 or any(' warning: ' in line for line in lines):
        return [f'{case} with -DTWIN: wanted no error and no warning, came exit code {code} and', *lines]
    return []


if __name__ == '__main__':
    found = complaints(sys.argv[1], sys.argv[sys.argv.index('--') + 1:])
    sys.exit('\n'.join(found) or None)
