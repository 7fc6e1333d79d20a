#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "simulate/life.h"

namespace weir::simulate {

/// The folder `truth/`: `commits/<n>.json` for every 1,000th transaction and 0, `final.json` for
/// the last one. Files appear whole. Format: docs/formats/truth.md.
class TruthFolder {
public:
    static Result<TruthFolder> open(std::filesystem::path folder);

    /// Writes `commits/<n>.json` if `life` stands at a milestone.
    Status keep(const Life& life) const;
    Status finish(const Life& life) const;

private:
    explicit TruthFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::filesystem::path folder_;
};

}  // namespace weir::simulate
