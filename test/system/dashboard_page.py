"""A Superset dashboard in a headless Chromium: signing in, waiting for charts, reading numbers, screenshots.

Threads: one owner. Owns: the browser and its profile; a context manager. Errors: AssertionError with what the page shows.
"""

import json
import pathlib
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from harness.waiting import wait_until

PAGE_SECONDS = 60
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"]
# What each chart shows, by its name: a number, whether something is drawn, and what is wrong.
LOOK = """
return Object.fromEntries([...document.querySelectorAll('[data-test-chart-name]')].map(chart => {
  const number = chart.querySelector('.header-line');
  const error = chart.querySelector('[role=alert], .ant-alert-error, [data-test=error-alert]');
  return [chart.dataset.testChartName, {
    id: Number(chart.dataset.testChartId), number: number && number.textContent, error: error && error.textContent,
    empty: chart.textContent.includes('No results were returned'),
    drawn: !!chart.querySelector('canvas, table tbody tr, .header-line')}];
}));
"""


class DashboardPage:
    def __init__(self, url, width=1600, height=4300):
        self._url = url
        self._profile = tempfile.mkdtemp(prefix="freshet-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in [*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={self._profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self._driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def sign_in(self, user, password):
        """A click that comes before the page's script is lost, so the form is filled in until it is taken."""
        taken = wait_until(lambda: self._try_sign_in(user, password), 2 * PAGE_SECONDS, 0.1)
        assert taken, f"not signed in: {self._driver.find_element(By.TAG_NAME, 'body').text[:2000]}"

    def _try_sign_in(self, user, password):
        self._driver.get(f"{self._url}/login/")
        if self._signed_in():
            return True
        self._find("input#username").send_keys(user)
        self._find("input#password").send_keys(password)
        self._find("button[type=submit]").click()
        return wait_until(self._signed_in, PAGE_SECONDS / 4, 0.1)

    def _signed_in(self):
        return "/login" not in self._driver.current_url

    def open(self, slug):
        self._driver.get(f"{self._url}/superset/dashboard/{slug}/")

    def look(self):
        """-> chart name -> {"id", "number", "error", "empty", "drawn"}"""
        try:
            return self._driver.execute_script(LOOK)
        except StaleElementReferenceException:
            return {}

    def wait_drawn(self, names, seconds=PAGE_SECONDS):
        """Until every one of these charts shows something. -> look()"""
        def drawn():
            seen = self.look()
            return seen if all(name in seen and (seen[name]["drawn"] or seen[name]["empty"]) for name in names) else None
        seen = wait_until(drawn, seconds, 0.3)
        assert seen, f"not drawn after {seconds} s: {self.look()}"
        return seen

    def number(self, name):
        """What a big number chart shows, as a number; None while it shows nothing."""
        shown = (self.look().get(name) or {}).get("number")
        return float(shown.replace(",", "").rstrip("%")) if shown else None

    def screenshot(self, path):
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        assert self._driver.save_screenshot(str(path))

    def queries(self):
        """The queries that the page's charts sent since the last call. -> chart's id -> queries"""
        sent = {}
        for row in self._driver.get_log("performance"):
            message = json.loads(row["message"])["message"]
            request = message["params"].get("request", {})
            if message["method"] == "Network.requestWillBeSent" and "/api/v1/chart/data" in request["url"] and request.get("postData"):
                body = json.loads(request["postData"])
                if body["form_data"].get("slice_id"):
                    sent[body["form_data"]["slice_id"]] = body["queries"]
        return sent

    def _find(self, selector):
        return WebDriverWait(self._driver, PAGE_SECONDS).until(lambda driver: driver.find_element(By.CSS_SELECTOR, selector))
