#include "store/patience.h"

#include <random>
#include <thread>

namespace weir::store {

void SystemPatience::pause(std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
}

double SystemPatience::chance() {
    static thread_local std::minstd_rand numbers{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(numbers);
}

}  // namespace weir::store
