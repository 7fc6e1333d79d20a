// Goal: keys of files open under their class alone, and a service is asked no more than it must.
#include "store/key_envelope.h"

#include <gtest/gtest.h>

#include "base/result_matchers.h"
#include "store/key_wrap.h"

namespace weir::store {
namespace {

/// Counts what it is asked, and can refuse.
class CountingService final : public KeyService {
public:
    Result<std::string> wrap(std::string_view key_class, const SealingKey& key) override {
        ++wraps;
        if (refuses) {
            return fail(ErrorKind::denied, "the service refuses");
        }
        return wrap_key(master_, key_class, key);
    }
    Result<SealingKey> unwrap(std::string_view key_class, std::string_view wrapped) override {
        ++unwraps;
        if (refuses) {
            return fail(ErrorKind::denied, "the service refuses");
        }
        return unwrap_key(master_, key_class, wrapped);
    }

    int wraps = 0;
    int unwraps = 0;
    bool refuses = false;

private:
    SealingKey master_ = SealingKey::random().value();
};

class KeyEnvelopeTest : public ::testing::Test {
protected:
    CountingService service_;
    ManualClock clock_{Timestamp()};
    KeyEnvelope envelope_{service_, clock_};
    SealingKey key_ = SealingKey::random().value();
};

TEST_F(KeyEnvelopeTest, AsksTheServiceOnceForManyFiles) {
    for (int file = 0; file < 100; ++file) {
        const auto wrapped = envelope_.wrap("phi.ssn", key_);
        ASSERT_THAT(wrapped, IsOk());
        const auto opened = envelope_.unwrap("phi.ssn", *wrapped);
        ASSERT_THAT(opened, IsOk());
        EXPECT_TRUE(std::ranges::equal(opened->bytes(), key_.bytes()));
    }
    EXPECT_EQ(service_.wraps, 1);
    EXPECT_EQ(service_.unwraps, 1);
    ASSERT_THAT(envelope_.wrap("phi.name", key_), IsOk());
    EXPECT_EQ(service_.wraps, 2);
}

TEST_F(KeyEnvelopeTest, ARefusalCountsWithinTheLifetime) {
    const std::string wrapped = envelope_.wrap("default", key_).value();
    ASSERT_THAT(envelope_.unwrap("default", wrapped), IsOk());
    service_.refuses = true;
    clock_.advance(KeyEnvelope::default_lifetime - std::chrono::seconds(1));
    EXPECT_THAT(envelope_.wrap("default", key_), IsOk());
    EXPECT_THAT(envelope_.unwrap("default", wrapped), IsOk());
    clock_.advance(std::chrono::seconds(1));
    EXPECT_THAT(envelope_.wrap("default", key_), IsError(ErrorKind::denied));
    EXPECT_THAT(envelope_.unwrap("default", wrapped), IsError(ErrorKind::denied));
    service_.refuses = false;
    EXPECT_THAT(envelope_.unwrap("default", wrapped), IsOk());
}

TEST_F(KeyEnvelopeTest, RefusesAnotherClassAndAChangedText) {
    const std::string wrapped = envelope_.wrap("phi.ssn", key_).value();
    EXPECT_THAT(envelope_.unwrap("phi.name", wrapped), IsError(ErrorKind::corrupt));
    for (std::size_t at = 0; at < wrapped.size(); ++at) {
        std::string changed = wrapped;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_THAT(envelope_.unwrap("phi.ssn", changed), IsError(ErrorKind::corrupt)) << at;
    }
}

}  // namespace
}  // namespace weir::store
