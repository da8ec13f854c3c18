"""The web page shows the report of an evaluation run, in its language, in a place of its own."""

from __future__ import annotations

from urllib.parse import quote

import httpx
from rest_server import finished
from web_fixtures import COLLECTION, GUIDE, Visit


def test_a_report_is_read_within_the_page(desk: Visit, web_client: httpx.Client) -> None:
    question = {"id": "q1", "text": "How long is the warranty?", "document": GUIDE, "page": 1}
    body = {"questions": [question], "legs": ["sparse", "default"], "name": "warranty"}
    response = web_client.post(f"/v1/collections/{quote(COLLECTION)}/evaluations", json=body)
    assert finished(web_client, response.headers["Location"])["state"] == "done"
    page = desk.view("evaluation")
    page.evaluate("localStorage.setItem('braid.language', 'zh-CN')")
    page = desk.view("evaluation")
    page.get_by_role("button", name="报告").first.click()
    page.get_by_role("heading", name="评测报告：warranty").wait_for()
    before = page.url
    page.get_by_role("link", name="指标说明").click()
    heading = page.get_by_role("heading", name="指标说明").bounding_box()
    assert heading is not None and heading["y"] < 800
    assert page.url == before, "a link within the report leaves the view as it is"
    assert not desk.seen.errors
