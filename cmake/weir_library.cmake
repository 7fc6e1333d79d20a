# weir_library(NAME [DEPENDS folder...] [LIBRARIES target...])
#
# Makes the static library weir_NAME of src/NAME and its sub-folders and one test of every *_test.cpp in
# it, so that no test can be forgotten. DEPENDS that layers.txt does not allow stop the configuration.
# *_integration_test.cpp needs neighbours (a server, a warehouse file) and is a test NAME_integration.
function(weir_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LIBRARIES")

  file(STRINGS ${CMAKE_SOURCE_DIR}/layers.txt layer REGEX "^${name}:")
  foreach(folder IN LISTS arg_DEPENDS)
    if(NOT layer MATCHES "[: ]${folder}( |$)")
      message(FATAL_ERROR "layers.txt does not let ${name} depend on ${folder}")
    endif()
  endforeach()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(REMOVE_ITEM sources ${tests} ${CMAKE_SOURCE_DIR}/src/${name}/main.cpp)
  set(integration_tests ${tests})
  list(FILTER integration_tests INCLUDE REGEX "_integration_test\\.cpp$")
  list(FILTER tests EXCLUDE REGEX "_integration_test\\.cpp$")

  add_library(weir_${name} STATIC ${sources})
  target_include_directories(weir_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM arg_DEPENDS PREPEND weir_)
  target_link_libraries(weir_${name} PUBLIC ${arg_DEPENDS} ${arg_LIBRARIES})
  weir_precompile(weir_${name} weir_precompiled)

  weir_test(${name} ${name} ${tests})
  weir_test(${name}_integration ${name} ${integration_tests})
endfunction()

# weir_test(NAME FOLDER sources...): one GoogleTest program, registered with ctest; none without sources.
function(weir_test name folder)
  if(NOT ARGN)
    return()
  endif()
  add_executable(${name}_test ${ARGN})
  target_compile_definitions(${name}_test PRIVATE
    WEIR_GOLDEN_DIR="${CMAKE_SOURCE_DIR}/tests/golden" WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name}_test PRIVATE weir_${folder} GTest::gmock_main)
  weir_precompile(${name}_test weir_precompiled_test)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  if(name MATCHES "_integration$")
    set_tests_properties(${name} PROPERTIES LABELS integration RUN_SERIAL ON)
  else()
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()

# weir_precompile(TARGET HEADERS): the target starts from the precompiled headers, if it has sources that
# include Arrow, directly or through a header of another folder.
function(weir_precompile target headers)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  if(libraries MATCHES "Weir::|weir_(catalog|change|columnar|sql|landing|refine|warehouse|capture|app)(;|$)")
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
endfunction()
