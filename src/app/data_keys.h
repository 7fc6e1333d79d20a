#pragma once

#include <memory>

#include "app/configuration.h"
#include "base/clock.h"
#include "base/result.h"
#include "columnar/parquet_keys.h"
#include "store/key_envelope.h"

namespace weir::app {

/// The keys under which a pipeline writes its files. Any thread.
class DataKeys {
public:
    /// Null if the configuration has none: files are in the open. `clock` outlives it. Fails as the
    /// key service does.
    static Result<std::unique_ptr<DataKeys>> open(const Configuration& configuration,
                                                  const Clock& clock);

    const columnar::ParquetKeys& parquet() const { return parquet_; }

private:
    DataKeys(std::unique_ptr<store::KeyService> service, const Clock& clock, std::string pipeline)
        : service_(std::move(service)),
          envelope_(*service_, clock),
          parquet_(envelope_, std::move(pipeline)) {}

    std::unique_ptr<store::KeyService> service_;
    store::KeyEnvelope envelope_;
    columnar::ParquetKeys parquet_;
};

}  // namespace weir::app
