"""kill.py PROGRAM: kills it 20 times at random moments; at last its weights are those of a run that nobody killed."""
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

program = sys.argv[1]
kills_wanted = 20


def run(folder, seconds=None):
    """Its exit status and where it went on; killed after so many seconds."""
    process = subprocess.Popen([program, folder + '/backup', folder + '/result'], stdout=subprocess.PIPE, text=True)
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        sys.exit(f'{program}: exit status {process.returncode}')
    return process.returncode == 0, [tuple(map(int, line.split())) for line in out.splitlines()]


def result(folder):
    with open(folder + '/result', 'rb') as file:
        return file.read()


def main():
    seed = random.randrange(2**32)
    print('random seed', seed)
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as whole:
        start = time.monotonic()
        run(whole)
        takes = time.monotonic() - start
        wanted = result(whole)
    kills, goes_on = 0, []
    while kills < kills_wanted:
        with tempfile.TemporaryDirectory() as folder:
            done = False
            while not done:
                limit = dice.uniform(0.01, max(0.05, takes / 8)) if kills < kills_wanted else None
                done, began = run(folder, limit)
                kills += not done
                goes_on += began
            if result(folder) != wanted:
                sys.exit(f'after {kills} kills: other weights than without')
            left = os.listdir(folder)
            if left != ['result']:
                sys.exit(f'left in the folder: {left}')
    inside = sum(step > 0 for _, step in goes_on)
    print(f'{kills} kills, went on {inside} times in the middle of an epoch; a whole run takes {takes:.2f} s')
    if inside == 0:
        sys.exit('it never went on in the middle of an epoch')


main()
