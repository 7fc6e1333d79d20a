#pragma once

#include <concepts>
#include <type_traits>

#include "ledger/entry.h"

namespace weir::ledger {

// The fields of each kind, once for reading and for writing. A new field is a new format.

template <typename T, typename Of>
concept Is = std::same_as<std::remove_const_t<T>, Of>;

void visit_fields(auto& visit, Is<PipelineCreated> auto& body) {
    visit("pipeline", body.pipeline);
    visit("source", body.source);
    visit("release", body.release);
}

void visit_fields(auto& /*visit*/, Is<LeaseTaken> auto& /*body*/) {}

void visit_fields(auto& visit, Is<SchemaChanged> auto& body) {
    visit("table", body.table);
    visit("version", body.version);
    visit("contract", body.contract);
}

void visit_fields(auto& visit, Is<SnapshotReading> auto& reading) {
    visit("position", reading.position);
    visit("snapshot", reading.snapshot);
    visit("time", reading.time);
}

void visit_fields(auto& visit, Is<SnapshotStarted> auto& body) {
    visit("attempt", body.attempt);
    visit_fields(visit, body.reading);
    visit("chunks", body.chunks);
    visit("chunk_blocks", body.chunk_blocks);
}

void visit_fields(auto& visit, Is<SnapshotResumed> auto& body) {
    visit("attempt", body.attempt);
    visit_fields(visit, body.reading);
    visit("chunks", body.chunks);
    visit("restarted", body.restarted);
}

void visit_fields(auto& visit, Is<ChunkLanded> auto& body) {
    visit("attempt", body.attempt);
    visit("table", body.table);
    visit("chunk", body.chunk);
    visit("table_chunks", body.table_chunks);
    visit("position", body.position);
    visit("storage", body.storage);
    visit("rows", body.rows);
    visit("files", body.files);
}

void visit_fields(auto& visit, Is<CutLanded> auto& body) {
    visit("cut", body.cut);
    visit("position", body.position);
    visit("commit_time", body.commit_time);
    visit("transactions", body.transactions);
    visit("changes", body.changes);
    visit("snapshot_attempt", body.snapshot_attempt);
    visit("files", body.files);
}

void visit_fields(auto& visit, Is<PositionAdvanced> auto& body) {
    visit("position", body.position);
}

void visit_fields(auto& visit, Is<CutRefined> auto& body) {
    visit("cut", body.cut);
    visit("read", body.read);
    visit("refined", body.refined);
    visit("quarantined", body.quarantined);
    visit("deduplicated", body.deduplicated);
    visit("files", body.files);
    visit("quarantine", body.quarantine);
}

void visit_fields(auto& visit, Is<CutsLoaded> auto& body) {
    visit("from", body.from);
    visit("to", body.to);
    visit("warehouse", body.warehouse);
    visit("rows", body.rows);
}

void visit_fields(auto& visit, Is<ModelsBuilt> auto& body) {
    visit("cut", body.cut);
    visit("project", body.project);
    visit("succeeded", body.succeeded);
    visit("models", body.models);
    visit("tests_passed", body.tests_passed);
    visit("tests_failed", body.tests_failed);
}

void visit_fields(auto& visit, Is<ChecksRun> auto& body) {
    visit("cut", body.cut);
    visit("suite", body.suite);
    visit("succeeded", body.succeeded);
    visit("expectations", body.expectations);
    visit("failed", body.failed);
}

void visit_fields(auto& visit, Is<Published> auto& body) {
    visit("cut", body.cut);
    visit("file", body.file);
}

void visit_fields(auto& visit, Is<Reconciled> auto& body) {
    visit("cut", body.cut);
    visit("position", body.position);
    visit("equal", body.equal);
    visit("tables", body.tables);
}

void visit_fields(auto& visit, Is<DataRead> auto& body) {
    visit("principal", body.principal);
    visit("statement", body.statement);
    visit("rows", body.rows);
}

void visit_fields(auto& visit, Is<SourceIdentified> auto& body) {
    visit("system", body.system);
    visit("timeline", body.timeline);
    visit("timeline_begin", body.timeline_begin);
}

void visit_fields(auto& visit, Is<LogLost> auto& body) {
    visit("before", body.before);
    visit("position", body.position);
    visit_fields(visit, body.source);
}

void visit_fields(auto& visit, Is<ReadingRequested> auto& body) {
    visit("table", body.table);
}

void visit_fields(auto& visit, Is<TableSetAside> auto& body) {
    visit("table", body.table);
    visit("reason", body.reason);
    visit("detail", body.detail);
    visit("chunks", body.chunks);
}

void visit_fields(auto& visit, Is<KeyRotated> auto& body) {
    visit("before", body.before);
    visit("after", body.after);
    visit("before_signature", body.before_signature);
    visit("after_signature", body.after_signature);
}

void visit_fields(auto& visit, Is<DataFile> auto& file) {
    visit("table", file.table);
    visit("path", file.path);
    visit("rows", file.rows);
    visit("bytes", file.bytes);
    visit("sha256", file.sha256);
    visit("schema_version", file.schema_version);
}

void visit_fields(auto& visit, Is<Manifest> auto& manifest) {
    visit("manifest", manifest.sha256);
    visit("files", manifest.files);
}

void visit_fields(auto& visit, Is<Run> auto& run) {
    visit("id", run.id);
    visit("stage", run.stage);
    visit("epoch", run.epoch);
    visit("time", run.time);
}

}  // namespace weir::ledger
