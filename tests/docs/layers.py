#!/usr/bin/env python3
"""layers.py PROGRAM: writes docs/layers.md from what PROGRAM (of describe.cpp) says of the specs and from their comments
in include/keratin/layers. layers.py PROGRAM --check: the page is up to date, every layer of the library is in it, and
every layer of keras_layers.txt is in a file of tests/keras/files, which all are tried, or in MISSING with the reason."""
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / 'docs' / 'layers.md'

# What is not here, and why.
MISSING = {
    'Lambda': 'in files: Keras stores Python code, which is never run; `Lambda` itself is here, of a C++ function',
    'Wrapper': 'the base class of wrappers, no layer to use',
    'Input': 'a function in Keras; `InputLayer` is what files have',
    'LSTMCell': 'a cell is an argument of `RNN`, no layer of its own',
    'SimpleRNNCell': 'as LSTMCell',
    'StackedRNNCells': 'as LSTMCell: an `RNN` of several becomes layers in a chain, which compute the same',
    'RandomColorJitter': 'a chain of RandomBrightness, RandomContrast, RandomSaturation and RandomHue, which files'
                         ' of Keras become',
    'FeatureSpace': 'a utility that builds models out of a table; its parts are here',
    'MixUp': 'mixes samples and labels of a batch: a matter of the data pipeline, not of a layer for one sample',
    'CutMix': 'as MixUp',
    'RandAugment': 'a random choice of other layers',
    'STFTSpectrogram': 'no audio layers yet',
    'MelSpectrogram': 'no audio layers yet',
}

# Settings of layers that are here, refused with the layer's name: what there is instead, or why.
REFUSED = {
    'data_format channels_first': 'of any layer: channels are the last axis',
    'RMSNormalization': 'along other axes than the last ones, where Keras itself fails for want of a scale of that shape',
    'MultiHeadAttention': 'attention_axes other than the steps: Reshape, Permute or TimeDistributed around it, with the same '
                          'weights; an output_shape of several axes',
    'Softmax, the layer, of a masked tensor': 'Keras 3.15 itself fails there; Activation knows no masks',
    'ConvLSTM of a masked sequence': 'Keras 3.15 itself fails there with JAX',
    'Bidirectional': 'of other layers than SimpleRNN, LSTM and GRU, and of a backward_layer with other settings',
    'TimeDistributed': 'of layers that look at more than their sample: Dropout (which does the same without it; files '
                       'may have it), stateful ones; of BatchNormalization where the sequence is masked',
    'BatchNormalization': 'renorm, and a call with training=False',
    'Resizing, UpSampling2D': 'antialias, lanczos3 and lanczos5',
    'sparsemax': 'in files: what Keras computes is not sparsemax',
    'recurrent layers': 'of gelu, silu and mish, whose slope their result does not tell',
}

GUIDE = """\
# Layers

<!-- Written by tests/docs/layers.py. -->

Every layer, from its spec: what it computes, its settings with their defaults as Keras's files call them, and what it
makes of samples of a few shapes (without the batch axis; where a size has no default, of 4 units or filters). In a
`Sequential` a setting that has no place of its own between the brackets is an option: README.md lists them.
"""


def comments():
    """The comment above each spec or layer, by the names of layers that it begins with: `Keras: Conv1D, Conv2D.`"""
    found = {}
    for header in sorted(header for folder in ('layers', 'preprocessing')
                         for header in (ROOT / 'include' / 'keratin' / folder).glob('*.hpp')):
        for block in re.findall(r'((?:^ *///.*\n)+)', header.read_text(), re.M):
            text = ' '.join(line.strip()[3:].strip() for line in block.splitlines())
            text = re.sub(r' \(Rank \d\)', '', text)
            match = re.match(r'Keras: ([A-Z]\w*(?:(?:, |/| and )\w+)*)', text)
            if not match:
                continue
            names, last = [], ''
            for name in re.split(r', |/| and ', match[1]):
                if re.fullmatch(r'\dD', name):  # Conv1D/2D
                    name = last[:-2] + name
                last = name
                names.append(name)
            for name in names:
                found.setdefault(name, (f'{header.parent.name}/{header.name}', text))
    return found


def described(program):
    layers = {}
    for line in subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines():
        kind, *words = line.split('\t')
        if kind == 'layer':
            layers[words[0]] = {'field': [], 'shape': [], 'parameter': []}
            at = layers[words[0]]
        else:
            at[kind].append(words)
    return layers


def shape(text):
    return '(' + ', '.join(map(str, json.loads(text))) + ')'


def page(layers):
    texts = comments()
    lines = [GUIDE]
    for name in sorted({*layers, *texts}, key=str.lower):  # a wrapper, say, has a comment and no one spec
        layer = layers.get(name, {'field': [], 'shape': [], 'parameter': []})
        header, text = texts.get(name, ('', ''))
        lines.append(f'## {name}\n')
        if text:
            lines.append(f'{text} (`{header}`)\n')
        if layer['field']:
            lines.append('| setting | default |\n|---|---|')
            for field, default in layer['field']:
                lines.append(f'| `{field}` | {"`" + default + "`" if default else ""} |')
            lines.append('')
        if layer['parameter']:
            lines.append('| weight | shape | begins as | |\n|---|---|---|---|')
            for weight, extents, initializer, kept in layer['parameter']:
                lines.append(f'| `{weight}` | {shape(extents)} | `{initializer}` | {kept} |')
            lines.append('')
        if layer['shape']:
            lines.append('; '.join(f'{shape(a)} becomes {shape(b)}' for a, b in layer['shape']) + '\n')
    lines.append('## Not here\n')
    for name, why in MISSING.items():
        lines.append(f'- {name}: {why}')
    lines.append('\n## Settings that are refused\n')
    for name, why in REFUSED.items():
        lines.append(f'- {name}: {why}')
    return '\n'.join(lines) + '\n'


def classes_in(record, found):
    if isinstance(record, dict):
        if isinstance(record.get('class_name'), str):
            found.add(record['class_name'])
        record = list(record.values())
    if isinstance(record, list):
        for item in record:
            classes_in(item, found)


def failures(layers):
    if PAGE.read_text() != page(layers):
        yield f'{PAGE} is not what tests/docs/layers.py writes'
    tried = set()
    for path in (ROOT / 'tests' / 'keras' / 'files').rglob('*.keras'):
        with zipfile.ZipFile(path) as archive:
            classes_in(json.loads(archive.read('config.json')), tried)
    for line in (HERE / 'keras_layers.txt').read_text().splitlines():
        if line.startswith('#'):
            continue
        for name in line.split()[2:]:
            if name not in tried and name not in MISSING:
                yield f'{name} is in no file of Keras that is tried, and not among what is missing'
    for name in layers:
        if name in MISSING:
            yield f'{name} is here and among what is missing'


def main():
    layers = described(sys.argv[1])
    if '--check' not in sys.argv:
        PAGE.write_text(page(layers))
        return 0
    wrong = list(failures(layers))
    print('\n'.join(wrong) if wrong else 'docs/layers.md is complete')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
