#!/usr/bin/env python3
"""document.py: writes docs/errors.md from the rules in include/keratin, the cases beside this file and what g++ and
clang say to them. document.py --check: every rule has a case and is in docs/errors.md; this needs no compiler."""
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from check import error_lines, run_compiler

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / 'docs' / 'errors.md'
COMPILERS = {'g++': 'g++', 'clang': 'clang++-19'}

GUIDE = """\
# Errors

<!-- Written by tests/compile_fail/document.py. -->

A mistake in a network is one compile-time error. Its first line is the message, as the arguments of a type that exists
only to be read:

```
shapes_do_not_fit<layer<4>, Conv2D<16, Kernel<3>, ReLU>, got<1352>, needs_image_HxWxC>
```

- `layer<4>`: which layer, counted from 0. `layer<2, 1>` is layer 1 inside layer 2, `layer<2, 0, 1>`
  is layer 1 of branch 0 of the Parallel that is layer 2, `layer<>` is the Input.
- `Conv2D<16, Kernel<3>, ReLU>`: that layer as you wrote it.
- `got<1352>`: the shape that came in, without the batch axis: here 1352 values in a row. Of a Residual or a Parallel
  it is the one that its layers made and that cannot be merged.
- `needs_image_HxWxC`: the rule it breaks. Below, each rule has its text, what it means and how to keep it.
- `wants<...>`, if it is there: the shape that would have fitted.

The compiler puts a few words of its own before the message: g++ says *invalid application of 'sizeof' to incomplete
type*, clang says *implicit instantiation of undefined template*. What follows the first line tells where in the program
the network is used. No second error comes of the first: behind it the network is taken for one that fits.

The same rules hold for functional models, when the program runs: a `std::invalid_argument` then has the rule's text.
"""

SECTIONS = {
    'shape': ('Shapes', 'The message is `shapes_do_not_fit<...>`, to be read as above.'),
    'option': ('Options', 'Options are types in any order behind the sizes of a layer: `Dense<32, ReLU, NoBias>`.'),
    'stream': ('Streams', 'The message is `network_cannot_stream<...>`: which layer, its type, and why.'),
    'loss': ('Losses', 'The message is `loss_does_not_fit<...>`: the loss, the shape of the output, the broken rule.'),
    'model': ('Models and trainers', ''),
    'data': ('Data', ''),
}


def rules():
    """The name and the text of every rule of the library that a compiler can meet."""
    found = {}
    for header in sorted((ROOT / 'include' / 'keratin').rglob('*.hpp')):
        if header.parent.name == 'functional':
            continue
        source = re.sub(r'namespace functional {.*?}  // namespace functional', '', header.read_text(), flags=re.S)
        for name, text in re.findall(r'inline constexpr Rule (\w+)\s*\{([^}]*)\}', source):
            found[name] = ''.join(re.findall(r'"([^"]*)"', text))
    return found


class Case:
    def __init__(self, path, rules):
        source = path.read_text()
        comments = re.findall(r'^// (\w+): (.*(?:\n//   .*)*)', source, re.M)
        self.path = path
        self.section = path.stem.split('_')[0]
        self.about = {key: re.sub(r'\n//  ', '', text) for key, text in comments}
        self.rule = next((r for r in rules if re.search(rf'\b{r}\b', self.about['error'])), None)
        self.heading = self.about.get('title') or f"`{self.rule or re.search(r'[a-z_]+', self.about['error']).group()}`"
        self.example = self.diff(source)

    @staticmethod
    def diff(source):
        """The paragraph of the mistake, wrong and right."""
        before, right, wrong, after = re.search(
            r'((?:.+\n)*)#ifdef TWIN\n((?:.*\n)*?)#else\n((?:.*\n)*?)#endif\n((?:.+\n)*)', source).groups()
        lines = [(' ', before), ('-', wrong), ('+', right), (' ', after)]
        boilerplate = re.compile(r'using (Output|Loss = MeanSquaredError)\b')
        return '\n'.join(f'{sign} {line}' for sign, text in lines for line in text.splitlines()
                         if not boilerplate.match(line))

    def messages(self, flags, precompiled):
        """The error line of each compiler, with a bare file name, and the reason that a note gives, if one does."""
        for name, compiler in COMPILERS.items():
            _, lines = run_compiler(str(self.path), [compiler, *flags, '-include', f'{precompiled}/{compiler}.hpp'])
            yield name + ': ' + re.sub(r'^(?:.*/)?([^/:]+):\d+:\d+: error: ', r'\1: ', error_lines(lines)[0])
            reason = re.search(r'(?<=note: )(because|the expression) .*|required for the satisfaction .*',
                               '\n'.join(lines))
            if reason:
                yield '    ' + reason.group()


def entry(heading, cases, texts, rules):
    """The part of the page on one kind of mistake."""
    parts = [f'### {heading}\n']
    if cases[0].rule:
        parts.append(f'At run time: "{rules[cases[0].rule]}"\n')
    parts += [text for case in cases if 'meaning' in case.about
              for text in (case.about['meaning'] + '\n', f"*Fix:* {case.about['fix']}\n")]
    parts += [f'```diff\n{case.example}\n```\n```\n{texts[case.path]}\n```\n' for case in cases]
    return '\n'.join(parts)


def page(cases, rules):
    eigen = subprocess.run(['pkg-config', '--cflags', 'eigen3'], capture_output=True, text=True).stdout.split()
    flags = ['-std=c++20', f'-I{ROOT}/include', *eigen]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for compiler in COMPILERS.values():
            subprocess.run([compiler, *flags, '-x', 'c++-header', HERE / 'precompiled.hpp', '-o',
                            f'{folder}/{compiler}.hpp.gch'], check=True)
        texts = dict(zip((case.path for case in cases),
                         pool.map(lambda case: '\n'.join(case.messages(flags, folder)), cases)))
    parts = [GUIDE]
    for section, (title, intro) in SECTIONS.items():
        parts.append(f'## {title}\n' + (f'\n{intro}\n' if intro else ''))
        kinds = {}
        for case in cases:
            if case.section == section:
                kinds.setdefault(case.heading, []).append(case)
        for heading, of_kind in sorted(kinds.items()):
            parts.append(entry(heading, sorted(of_kind, key=lambda case: 'meaning' not in case.about), texts, rules))
    return '\n'.join(parts)


def main():
    known = rules()
    cases = [Case(path, known) for path in sorted(HERE.glob('*.cpp'))]
    missing = [f'{rule}: no case in tests/compile_fail' for rule in known if rule not in {case.rule for case in cases}]
    if '--check' in sys.argv:
        text = PAGE.read_text()
        missing += [f'{rule}: not in docs/errors.md, run document.py' for rule in known if f'`{rule}`' not in text]
    elif not missing:
        PAGE.write_text(page(cases, known))
    sys.exit('\n'.join(missing) or None)


if __name__ == '__main__':
    main()
