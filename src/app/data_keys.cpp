#include "app/data_keys.h"

#include "store/local_keyring.h"

namespace weir::app {

Result<std::unique_ptr<DataKeys>> DataKeys::open(const Configuration& configuration,
                                                 const Clock& clock) {
    if (configuration.keyring.empty()) {
        return nullptr;
    }
    TRY_LET(auto keyring, store::LocalKeyring::open(configuration.keyring));
    return std::unique_ptr<DataKeys>(
        new DataKeys(std::move(keyring), clock, configuration.pipeline));
}

}  // namespace weir::app
