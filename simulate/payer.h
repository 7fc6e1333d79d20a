#pragma once

#include <cstdint>
#include <optional>

#include "simulate/desk.h"
#include "simulate/origin.h"
#include "simulate/transcript.h"
#include "simulate/truth.h"
#include "simulate/world.h"

namespace weir::simulate {

/// Lives from transaction 1 on: the n-th one and its content are a function of the setting and n.
/// Knows no database and no clock. One thread.
class Payer {
public:
    /// `origin` outlives the payer; `truth` is truth_of(origin), or null if nobody will ask for it.
    Payer(const Origin& origin, std::optional<Truth> truth);

    /// Does the next transaction. The transcript is valid until the next call.
    const Transcript& next();
    /// Returns the number of the last transaction, 0 before the first.
    std::int64_t number() const { return number_; }
    const Transcript& transcript() const { return transcript_; }

private:
    void happen(Desk& desk);
    void happen_with_savepoint(Desk& desk);
    void add_email_column(Desk& desk);

    World world_;
    Transcript transcript_;
    std::int64_t number_ = 0;
    bool has_email_ = false;
};

}  // namespace weir::simulate
