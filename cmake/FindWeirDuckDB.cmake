find_library(WeirDuckDB_LIBRARY NAMES duckdb PATHS "${WEIR_DEPS}/duckdb" NO_DEFAULT_PATH)
find_path(WeirDuckDB_INCLUDE duckdb.h PATHS "${WEIR_DEPS}/duckdb" NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WeirDuckDB REQUIRED_VARS WeirDuckDB_LIBRARY WeirDuckDB_INCLUDE)
add_library(Weir::duckdb SHARED IMPORTED)
set_target_properties(Weir::duckdb PROPERTIES IMPORTED_LOCATION "${WeirDuckDB_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${WeirDuckDB_INCLUDE}")
