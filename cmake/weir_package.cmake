# The installed layout, which ./dev package puts into a tarball:
#   bin/weir, bin/weir-simulate     found through $ORIGIN, so the folder may stand anywhere
#   lib/weir/*.so*                  Arrow, Parquet, DuckDB and the small libraries that a bare Debian lacks
#   share/weir/                     models, schema of weir.yaml, verifier of receipts, requirements.txt for dbt, licence, notice, SBOM
#   share/man/man1, share/bash-completion/completions
# libc, libstdc++, OpenSSL, libcurl and libpq stay those of the system, for their security updates.
foreach(program weir weir-simulate)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME_DEPENDENCY_SET weir_libraries DESTINATION bin)
  endif()
endforeach()

if(TARGET weir)
  install(RUNTIME_DEPENDENCY_SET weir_libraries
    PRE_INCLUDE_REGEXES "^lib(arrow|parquet|duckdb|fmt|yaml-cpp|cpp-httplib|pugixml|brotli)"
    PRE_EXCLUDE_REGEXES ".*"
    DIRECTORIES ${WEIR_DEPS}/arrow/pyarrow ${WEIR_DEPS}/duckdb
    DESTINATION lib/weir)
  install(DIRECTORY models DESTINATION share/weir PATTERN "*_test.py" EXCLUDE PATTERN "target" EXCLUDE)
  install(FILES LICENSE NOTICE docs/sbom.spdx.json tools/requirements.txt packaging/weir.schema.json
    DESTINATION share/weir)
  install(PROGRAMS tools/verify_receipt.py DESTINATION share/weir)
  install(FILES packaging/weir.1 DESTINATION share/man/man1)
  install(FILES packaging/weir.bash DESTINATION share/bash-completion/completions RENAME weir)
  add_test(NAME package COMMAND Python3::Interpreter
    ${CMAKE_SOURCE_DIR}/tests/packaging/unpacked_tarball.py ${CMAKE_BINARY_DIR})
  set_tests_properties(package PROPERTIES LABELS integration TIMEOUT 300)
endif()
