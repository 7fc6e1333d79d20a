#pragma once

#include "columnar/parquet_keys.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"
#include "refine/declared_type.h"
#include "store/object_store.h"
#include "store/sealed_file.h"

namespace weir::refine {

/// Where cuts are refined, and by what right. All of it outlives the work. `state` is that of
/// `ledger` and is caught up before and after every append; nobody else touches it meanwhile.
struct RefinePlace {
    store::ObjectStore& store;
    ledger::Ledger& ledger;
    const ledger::Lease& lease;  // Of Stage::refine.
    ledger::PipelineState& state;
    const DeclaredTypes& declared;
    const store::SealingKey& quarantine_key;
    const columnar::ParquetKeys* keys = nullptr;  // Null: files in the open.
};

}  // namespace weir::refine
