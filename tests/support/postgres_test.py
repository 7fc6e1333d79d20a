"""Goal: the fixture gives a server of its own that forgets nothing while it stands and leaves nothing after."""

import pytest

from postgres import PostgresServer


def test_a_server_answers_restarts_and_leaves_nothing():
    with PostgresServer.start(settings={"work_mem": "5MB"}) as server:
        server.psql("create table t (id int primary key); insert into t values (7)")
        server.stop()
        server.start_again()
        assert server.psql("select id from t") == "7"
        assert server.psql("show wal_level; show work_mem") == "logical\n5MB"
    assert not server.folder.exists()


def test_two_servers_stand_beside_each_other():
    with PostgresServer.start() as one, PostgresServer.start() as other:
        assert one.port != other.port
        one.psql("create table only_here ()")
        with pytest.raises(RuntimeError, match="only_here"):
            other.psql("select from only_here")


def test_a_killed_server_recovers():
    with PostgresServer.start() as server:
        server.psql("create table t (id int); insert into t values (1); checkpoint")
        server.kill()
        server.start_again()
        assert server.psql("select count(*) from t") == "1"
