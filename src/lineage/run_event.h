#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lineage/dataset.h"

namespace weir::lineage {

enum class EventType { start, complete, fail };

/// The run that started this process, such as an Airflow task.
struct ParentRun {
    std::string run_id;
    std::string job_namespace;
    std::string job_name;
};

/// Reads OPENLINEAGE_PARENT_RUN_ID, _JOB_NAMESPACE and _JOB_NAME, or OPENLINEAGE_PARENT_ID
/// ("namespace/name/run id"), through `variable`. None unless all three parts are there. Fails with
/// `invalid` if the run id is no UUID.
Result<std::optional<ParentRun>> parent_from_environment(
    const std::function<const char*(const char*)>& variable);

/// An OpenLineage 2-0-2 RunEvent.
struct RunEvent {
    EventType type = EventType::start;
    Timestamp time;
    std::string run_id;  // UUIDv7; the same in a run's START and its end.
    std::string job_namespace;
    std::string job_name;
    std::string release;  // weir's.
    std::optional<ParentRun> parent = std::nullopt;
    std::optional<std::string> error = std::nullopt;  // As `Error::to_string`: no row values.
    std::vector<Dataset> inputs = {};
    std::vector<Dataset> outputs = {};
};

/// Writes one line of JSON without its newline.
std::string format_event(const RunEvent& event);

}  // namespace weir::lineage
