#pragma once

#include "app/configuration.h"
#include "base/result.h"

namespace weir::app {

/// This release keeps landing, processing and warehouse as plaintext. Fails with `invalid` if rows
/// of another machine would be written so without the user's `allow_plaintext: true`.
Status check_plaintext(const Configuration& configuration);

}  // namespace weir::app
