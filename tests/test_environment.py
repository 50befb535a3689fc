"""What DATABASE_URL may say."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from promptcrafter import environment


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("db1:5432,db2:5433", "db1,db2", "5432,5433"),
        ("db1,db2", "db1,db2", ""),
        ("[::1]:5432,[fd00::2]:5433", "::1,fd00::2", "5432,5433"),
        ("%2Frun%2Fone:5432,%2Frun%2Ftwo:5433", "/run/one,/run/two", "5432,5433"),
        ("[::1]:5432", "::1", 5432),
        ("db1:5432", "db1", 5432),
    ],
)
def test_postgresql_may_have_several_hosts(tmp_path, monkeypatch, written, host, port):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:p%40ss@{written}/prompts")
    read = environment.database("DATABASE_URL", file=tmp_path)
    assert (read["HOST"], read["PORT"], read["NAME"]) == (host, port, "prompts")
    assert read["PASSWORD"] == "p@ss"


@pytest.mark.parametrize("written", ["db1,db2:5433", "db1:5432,db2", "db1,,db2", "db1,", ",db2"])
def test_a_port_is_for_each_host_or_for_none(tmp_path, monkeypatch, written):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:hunter2@{written}/prompts")
    with pytest.raises(ImproperlyConfigured, match="host1:5432,host2:5432") as raised:
        environment.database("DATABASE_URL", file=tmp_path)
    assert "hunter2" not in str(raised.value)
