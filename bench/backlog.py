"""A slot that waited while changes were made, and copies of it, so that every round reads the same backlog."""

from conditions import require_all
from measured_process import run_measured

COUNT = """select count(*) from pg_logical_slot_peek_binary_changes('{}', null, null, 'proto_version', '1',
'publication_names', 'backlog') where get_byte(data, 0) in (ascii('I'), ascii('U'), ascii('D'))"""


class Backlog:
    """Begins where it is made; `close` ends it."""

    def __init__(self, server):
        self.server = server
        server.psql("select pg_create_logical_replication_slot('backlog', 'pgoutput');"
                    "create publication backlog for tables in schema claims")

    def close(self):
        """Returns the number of changes in it."""
        self.server.psql("checkpoint")  # So that its log is flushed.
        self.end = self.server.psql("select pg_current_wal_flush_lsn()")
        return int(self.server.psql(COUNT.format("backlog")))

    def receive(self):
        """Reads it to nowhere with pg_recvlogical, in text and in binary; returns the Cost of the faster."""
        return min((self._receive(binary) for binary in ("false", "true")), key=lambda cost: cost.wall_s)

    def _receive(self, binary):
        self.copy_slot("backlog", "backlog_copy")
        cost = run_measured([
            self.server.programs / "pg_recvlogical", "-d", self.server.url(), "-S", "backlog_copy", "--start",
            "-f", "/dev/null", "-E", self.end, "-o", "proto_version=1", "-o", "publication_names=backlog",
            "-o", f"binary={binary}", "--no-loop"])
        self.drop_slot("backlog_copy")
        return cost

    def capture(self, template, folder, changes):
        """Has a copy of the pipeline and its slot, which stand before the backlog, read its `changes`; returns the Cost."""
        before = template.landed()
        self.copy_slot("weir_weir", "weir_weir_copy")
        pipeline = template.copy(folder, "weir_weir_copy")
        cost = pipeline.run("capture")
        require_all(pipeline.landed() - before, changes)
        self.drop_slot("weir_weir_copy")
        return cost

    def copy_slot(self, name, copy):
        self.server.psql(f"select pg_copy_logical_replication_slot('{name}', '{copy}')")

    def drop_slot(self, name):
        self.server.psql(f"select pg_drop_replication_slot('{name}')")
