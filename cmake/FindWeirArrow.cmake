# Arrow and Parquet from the wheel that `./dev build` unpacked; it ships no CMake files of its own.
set(_pyarrow "${WEIR_DEPS}/arrow/pyarrow")
file(STRINGS "${_pyarrow}/include/arrow/util/config.h" _so REGEX "ARROW_SO_VERSION ")
string(REGEX REPLACE ".*\"([0-9]+)\".*" "\\1" WeirArrow_SOVERSION "${_so}")
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WeirArrow REQUIRED_VARS WeirArrow_SOVERSION)
foreach(_library arrow parquet arrow_compute)
  add_library(Weir::${_library} SHARED IMPORTED)
  set_target_properties(Weir::${_library} PROPERTIES
    IMPORTED_LOCATION "${_pyarrow}/lib${_library}.so.${WeirArrow_SOVERSION}"
    INTERFACE_INCLUDE_DIRECTORIES "${_pyarrow}/include")
endforeach()
target_link_libraries(Weir::parquet INTERFACE Weir::arrow)
target_link_libraries(Weir::arrow_compute INTERFACE Weir::arrow)
