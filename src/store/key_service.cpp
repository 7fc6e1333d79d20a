#include "store/key_service.h"

namespace weir::store {
namespace {

constexpr std::size_t class_bytes_max = 64;
constexpr std::string_view class_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

}  // namespace

Status check_key_class(std::string_view key_class) {
    if (key_class.empty() || key_class.size() > class_bytes_max ||
        key_class.find_first_not_of(class_letters) != std::string_view::npos) {
        return fail(ErrorKind::invalid,
                    "a class of keys has 1 to {} letters, digits, '.', '_' and '-', class={}",
                    class_bytes_max, key_class);
    }
    return {};
}

}  // namespace weir::store
