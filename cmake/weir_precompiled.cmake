# Headers of Arrow cost seconds in every source that includes them; one precompiled set serves all targets.
# The presets tidy and fuzz go without, so a source that lacks an include of its own does not pass.
add_library(weir_precompiled OBJECT ${CMAKE_SOURCE_DIR}/cmake/weir_precompiled.cpp)
target_link_libraries(weir_precompiled PRIVATE Weir::parquet fmt::fmt)
target_precompile_headers(weir_precompiled PRIVATE
  <algorithm> <map> <memory> <optional> <span> <string> <string_view> <vector>
  <fmt/format.h> <arrow/api.h> <parquet/arrow/reader.h> <parquet/arrow/writer.h>)

add_library(weir_precompiled_test OBJECT ${CMAKE_SOURCE_DIR}/cmake/weir_precompiled.cpp)
target_link_libraries(weir_precompiled_test PRIVATE Weir::parquet fmt::fmt GTest::gmock)
target_precompile_headers(weir_precompiled_test PRIVATE
  <algorithm> <map> <memory> <optional> <span> <string> <string_view> <vector>
  <fmt/format.h> <arrow/api.h> <gmock/gmock.h> <gtest/gtest.h>)
