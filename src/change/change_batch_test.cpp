// Goal: the landed row is the one in docs/formats/landed_file.md.
#include "change/change_batch.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

namespace weir::change {
namespace {

TEST(LandedSchema, IsTheDocumentedRow) {
    const catalog::TableContract contract{.name = {.schema = "claims", .table = "claim"},
                                          .version = {1},
                                          .columns = {{.id = 4,
                                                       .name = "claim_id",
                                                       .source_type = "bigint",
                                                       .landed_type = arrow::int64(),
                                                       .nullable = false,
                                                       .in_key = true,
                                                       .tags = {}}}};
    const auto schema = landed_schema(contract);
    EXPECT_EQ(schema->field_names(),
              (std::vector<std::string>{"op", "commit_position", "ordinal", "transaction_id",
                                        "commit_time", "schema_version", "before_image",
                                        "after_image", "unchanged", "untyped"}));
    const auto& image = *schema->field(static_cast<int>(LandedColumn::after_image))->type();
    ASSERT_EQ(image.num_fields(), 1);
    EXPECT_TRUE(image.field(0)->nullable());
    EXPECT_EQ(image.field(0)->metadata()->Get("weir.id").ValueOrDie(), "4");
}

}  // namespace
}  // namespace weir::change
