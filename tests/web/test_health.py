"""What machines ask: it answers, it can work, and its figures are those of the store, for whom they concern."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from digest.web.guard import Guard
from digest.web.meter import Metered
from digest.web.site import build_site
from tests.fakes import DOWN
from tests.web.admin import TOKEN, Admin, admin
from tests.web.conftest import Web

__all__ = ["admin"]  # a fixture


def local(web: Web) -> TestClient:
    """Somebody at this machine."""
    site = Guard(Metered(web.site, web.desk.meter), hosts=web.desk.hosts)
    return TestClient(site, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))


def figures(web: Web) -> dict[str, float]:
    """{name or name{label}: value} of everything that is told."""
    text = local(web).get("/metrics").text
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_answers_without_a_store(web: Web) -> None:
    with web.app.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert (web.get("/healthz").status_code, web.get("/healthz").text) == (200, "ok\n")


def test_it_is_ready_once_the_store_and_the_templates_are(web: Web) -> None:
    assert web.get("/readyz").json() == {"ready": True}
    assert local(web).get("/readyz").json() == {"ready": True, "wrong": {}}


def test_another_schema_makes_it_unready_and_only_this_machine_is_told_why(web: Web) -> None:
    with web.app.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    there, here = web.get("/readyz"), local(web).get("/readyz")
    assert (there.status_code, there.json()) == (503, {"ready": False})
    assert here.status_code == 503 and "0001" in here.json()["wrong"]["store"]


def test_figures_are_for_this_machine_and_for_who_knows_the_token(admin: Admin) -> None:
    assert admin.get("/metrics").status_code == 404
    assert admin.get("/metrics", authorization="Bearer another token of a length").status_code == 404
    assert admin.get("/metrics", authorization=f"Basic {TOKEN}").status_code == 404
    told = admin.get("/metrics", authorization=f"Bearer {TOKEN}")
    assert told.status_code == 200 and told.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert local(admin).get("/metrics", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 404


def test_a_site_without_a_token_has_no_token_that_opens(web: Web) -> None:
    for said in ("Bearer ", "Bearer None", "Bearer"):
        assert web.get("/metrics", authorization=said).status_code == 404


def test_the_figures_are_those_of_the_store(web: Web) -> None:
    before = figures(web)
    assert before["digest_open"] == before["digest_deliveries_today{sent}"] == 0
    assert "digest_edition_age_seconds" not in before
    world = web.world
    world.reader("ann"), world.reader("bob"), world.change(world.reader("cat"), interests="submarines")
    world.list("one")
    world.transport.answers.append(DOWN)
    world.at("2026-08-17 12:30").run(is_forced=True)
    web.app.standing.suppress("eve@example.org", reason="by hand", evidence="", now=world.now)
    web.now = world.now + timedelta(hours=1)
    told = figures(web)
    assert told["digest_subscribers{active}"] == 3
    assert told["digest_deliveries_today{sent}"] + told["digest_deliveries_today{deferred}"] == 2
    assert told["digest_deliveries_today{deferred}"] == told["digest_open"] >= 1
    assert told["digest_skipped_today{nothing-matched}"] == told["digest_deliveries_today{skipped}"] == 1
    assert told["digest_suppressions"] == 1
    assert told["digest_unknown"] == told["digest_errands_held"] == 0
    assert told["digest_edition_age_seconds"] == 1.5 * 3600
    assert told["digest_oldest_open_seconds"] > 0


def test_the_last_run_is_told_with_its_verdict(web: Web) -> None:
    web.join()
    web.desk.trigger.run(is_dry=False)
    web.now += timedelta(minutes=10)
    told = figures(web)
    verdicts = {name: value for name, value in told.items() if name.startswith("digest_last_run{")}
    assert len(verdicts) > 3 and sum(verdicts.values()) == 1
    assert told["digest_last_run_age_seconds"] == 600


def test_pages_and_sign_ups_are_counted(web: Web) -> None:
    client = TestClient(build_site(web.app), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    for path in ("/healthz", "/healthz", "/nowhere"):
        client.get(path)
    client.post("/api/v1/subscribe", json={"email": "ada@example.org"})
    text = client.get("/metrics").text
    assert 'digest_pages_total{status="2xx"} 3.0' in text
    assert 'digest_pages_total{status="4xx"} 1.0' in text
    assert "digest_sign_ups_asked_total 1.0" in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_being_watched_changes_nothing(admin: Admin, path: str) -> None:
    before = admin.rows()
    assert local(admin).get(path).status_code == local(admin).head(path).status_code == 200
    assert admin.rows() == before
