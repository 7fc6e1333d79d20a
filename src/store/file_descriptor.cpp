#include "store/file_descriptor.h"

#include <unistd.h>

namespace weir::store {

FileDescriptor::~FileDescriptor() {
    if (is_open()) {
        ::close(number_);
    }
}

}  // namespace weir::store
