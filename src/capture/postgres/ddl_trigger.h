#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"

namespace weir::capture::postgres {

// The log's relation messages have names of columns and no numbers. The DDL trigger, which a user
// may want or not, tells what they lack: whenever a statement changes a table it writes the table's
// shape into the log (told_shape.h), in the statement's own transaction, before any row of that
// shape. It is a function in a schema of the publication's name, and event triggers that call it. A
// statement of the user never fails by it. All of these take the publication's name, and a session
// of one thread.

/// The prefix of the trigger's messages in the log.
std::string shape_prefix(const std::string& publication);

/// Returns the statements that make the trigger, or make it anew.
std::vector<std::string> create_ddl_trigger_statements(const Connection& connection,
                                                       const std::string& publication);

/// Makes the trigger, or makes it anew. Fails with `denied` if the role may not, which the message
/// mends, and with `already_exists` if somebody else has a schema of this name.
Status create_ddl_trigger(Connection& connection, const std::string& publication);

/// Whether the trigger is there, and tells.
Result<bool> has_ddl_trigger(Connection& connection, const std::string& publication);

/// Returns the statements that remove what is there of the trigger.
std::vector<std::string> drop_ddl_trigger_statements(const Connection& connection,
                                                     const std::string& publication);

/// Removes the trigger; none is no error. Fails with `denied` if another role owns it.
Status drop_ddl_trigger(Connection& connection, const std::string& publication);

}  // namespace weir::capture::postgres
