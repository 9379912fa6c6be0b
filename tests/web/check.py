"""check.py PAGE NATIVE [PICTURE]: opens the page in Chromium, takes images, draws, compares with the native program.

PICTURE: where a screenshot goes. Chromium is told what to do through pipes, in the DevTools protocol."""
import base64, functools, http.server, json, os, pathlib, subprocess, sys, tempfile, threading, time

page, native = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
picture = sys.argv[3] if len(sys.argv) > 3 else None


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Browser:
    def __init__(self, profile):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        # --no-sandbox: root has none, in a container nobody.
        self.process = subprocess.Popen(
            ['bash', '-c', f'exec "$@" 3<&{to_read} 4>&{to_write}', 'bash', 'chromium', '--headless=new',
             '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run',
             '--window-size=1000,1000', '--touch-events=enabled', f'--user-data-dir={profile}',
             '--remote-debugging-pipe', 'about:blank'],
            pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.sent, self.buffer, self.session = 0, b'', None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']

    def call(self, method, **parameters):
        self.sent += 1
        message = {'id': self.sent, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.to, json.dumps(message).encode() + b'\0')
        while True:  # events are left out
            while b'\0' not in self.buffer:
                got = os.read(self.back, 1 << 16)
                assert got, 'Chromium has ended'
                self.buffer += got
            text, self.buffer = self.buffer.split(b'\0', 1)
            answer = json.loads(text)
            if answer.get('id') == self.sent:
                assert 'error' not in answer, f'{method}: {answer}'
                return answer['result']

    def run(self, script):
        """What the JavaScript expression is, or resolves to."""
        answer = self.call('Runtime.evaluate', expression=script, awaitPromise=True, returnByValue=True)
        assert 'exceptionDetails' not in answer, f'{script}: {answer}'
        return answer['result'].get('value')

    def open(self, url):
        self.call('Page.navigate', url=url)
        for _ in range(200):
            if self.run("document.querySelector('#samples [aria-label=Trouser]') !== null && location.href") == url:
                return
            time.sleep(0.1)
        raise AssertionError(f'{url} has not loaded: ' + self.run("document.body.innerText"))

    def place(self, selector, x=0.5, y=0.5):
        return self.run(f"""(() => {{ const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: 'nearest'}});
            const box = element.getBoundingClientRect();
            return {{x: box.left + {x} * box.width, y: box.top + {y} * box.height}}; }})()""")

    def mouse(self, kind, place):
        self.call('Input.dispatchMouseEvent', type=kind, button='left', buttons=1, clickCount=1, **place)

    def click(self, selector):
        place = self.place(selector)
        self.mouse('mousePressed', place)
        self.mouse('mouseReleased', place)
        self.frames(3)

    def stroke(self, *points):
        places = [self.place('#drawing', x, y) for x, y in points]
        self.mouse('mousePressed', places[0])
        for place in places[1:]:
            self.mouse('mouseMoved', place)
        self.mouse('mouseReleased', places[-1])
        self.frames(3)

    def frames(self, count):
        return self.run(f"""new Promise(done => {{ let left = {count};
            requestAnimationFrame(function tick() {{ --left < 0 ? done(true) : requestAnimationFrame(tick); }}); }})""")

    def answers(self):
        """The verdict, and each bar's probability as exactly as it is drawn."""
        return (self.run("document.querySelector('#verdict').value"),
                self.run("[...document.querySelectorAll('#bars i')]"
                         ".map(bar => 1 + parseFloat(bar.style.transform.slice('translateX('.length)) / 100)"))


def check_sample(browser, images, name):
    """The page against the native program, with the first image of this class."""
    browser.click(f'#samples [aria-label="{name}"]')
    verdict, got = browser.answers()
    image = next(i for i in images['images'] if images['names'][i['label']] == name)
    numbers = ' '.join(map(str, image['pixels']))
    output = subprocess.run([native], input=numbers, capture_output=True, text=True, check=True).stdout
    wanted = [float(p) for p in output.split()]
    assert len(got) == len(wanted) == 10
    difference = max(abs(g - w) for g, w in zip(got, wanted))
    print(f'{name}: {verdict} with {max(got):.4f}; from the native program at most {difference:.1e}')
    assert difference <= 1e-4, (got, wanted)
    return verdict


def check_drawing(browser):
    browser.click('#clear')
    assert browser.answers()[0] == 'nothing yet'
    browser.stroke((.36, .9), (.42, .1), (.58, .1), (.64, .9))
    browser.stroke((.42, .2), (.58, .2))
    verdict, probabilities = browser.answers()
    print(f'Trousers by mouse: {verdict} with {max(probabilities):.4f}')
    assert verdict == 'Trouser' and abs(sum(probabilities) - 1) < 1e-5

    browser.click('#clear')
    for kind, x, y in ('touchStart', .2, .5), ('touchMove', .8, .6), ('touchEnd', None, None):
        points = [browser.place('#drawing', x, y)] if x else []
        browser.call('Input.dispatchTouchEvent', type=kind, touchPoints=points)
    browser.frames(3)
    assert browser.answers()[0] != 'nothing yet', 'nothing is drawn by touch'


def check_speed(browser):
    """A prediction in each frame for two seconds."""
    browser.click('#clear')
    place = browser.place('#drawing')
    browser.mouse('mousePressed', place)
    frames = browser.run("""new Promise(done => {
        const canvas = document.querySelector('#drawing'), box = canvas.getBoundingClientRect();
        let frames = 0, start = performance.now();
        requestAnimationFrame(function tick(now) {
            if (now - start >= 2000) return done(1000 * frames / (now - start));
            const angle = ++frames / 10, radius = box.width * (.1 + frames / 500);
            canvas.dispatchEvent(new PointerEvent('pointermove', {isPrimary: true,
                clientX: box.left + box.width / 2 + radius * Math.cos(angle),
                clientY: box.top + box.width / 2 + radius * Math.sin(angle)}));
            requestAnimationFrame(tick);
        });
    })""")
    browser.mouse('mouseReleased', place)
    speed = browser.run("document.querySelector('#speed').textContent")
    print(f'{frames:.1f} frames a second while drawing; the page says: {speed}')
    assert float(speed.split()[0]) < 4000


def take_picture(browser, picture):
    """Of a pullover."""
    browser.call('Emulation.setDeviceMetricsOverride', width=960, height=1040, deviceScaleFactor=1, mobile=False)
    browser.click('#clear')
    browser.run("document.querySelector('#brush').value = 45")
    browser.stroke((.35, .2), (.18, .4), (.14, .8))
    browser.stroke((.65, .2), (.82, .4), (.86, .8))
    for x in .38, .5, .62:
        browser.stroke((x, .25), (x, .86))
    time.sleep(2.5)  # until its speed is shown
    pathlib.Path(picture).write_bytes(base64.b64decode(browser.call('Page.captureScreenshot')['data']))


with tempfile.TemporaryDirectory() as profile:
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=page))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = Browser(profile)
    try:
        images = json.loads((page / 'images.json').read_text())
        browser.open(f'http://127.0.0.1:{server.server_port}/index.html')
        assert check_sample(browser, images, 'Trouser') == 'Trouser'
        for name in images['names']:
            check_sample(browser, images, name)  # right or wrong, the same
        check_drawing(browser)
        check_speed(browser)
        if picture:
            take_picture(browser, picture)
        browser.open((page / 'fashion.html').as_uri())
        assert check_sample(browser, images, 'Trouser') == 'Trouser'
    finally:
        browser.process.terminate()
        browser.process.wait()
        server.shutdown()
