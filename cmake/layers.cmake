# Turns src/LAYERS into targets: one library per module, its test doubles, its tests, its fuzzers.
#
# Nothing has to be listed by hand. Of the files of module `a/b`
#   *.cc                  → library          a_b             (headers alone: an INTERFACE library)
#   testing/**.cc         → library          a_b_testing     (fakes, what the suites stand on)
#   testing/*_conformance_*.cc → objects     a_b_conformance (the cases of a suite)
#   *_test.cc             → test program     a_b_test        (ctest label: unit or unit-concurrent)
#   *_slow_test.cc        → test program     a_b_slow_test   (ctest label: slow; `./dev test --all`)
#   *_fuzz.cc             → libFuzzer target a_b_<file>      (presets dev and fuzz)
# A module links exactly the modules that its line in src/LAYERS names; those that have no files yet
# are left out. Third-party libraries and extra modules for tests: cmake/modules.cmake.

set(ENTREPOT_SRC "${CMAKE_SOURCE_DIR}/src")

# --- The tables that cmake/modules.cmake fills ---------------------------------------------------

# entrepot_libraries(module lib...): third-party libraries of a module, seen by its users too.
function(entrepot_libraries module)
  set_property(GLOBAL PROPERTY "entrepot_libraries_${module}" ${ARGN})
endfunction()

# entrepot_test_modules(module other...): modules that only the tests of `module` use.
function(entrepot_test_modules module)
  set_property(GLOBAL PROPERTY "entrepot_test_modules_${module}" ${ARGN})
endfunction()

# entrepot_concurrent(module...): modules with threads; their unit tests run under TSan as well.
function(entrepot_concurrent)
  set_property(GLOBAL PROPERTY entrepot_concurrent ${ARGN})
endfunction()

# entrepot_conformance(port module...): modules whose unit tests run the conformance suite of `port`.
# Its cases are objects and no library: nothing refers to a test, so a linker would leave it out.
function(entrepot_conformance port)
  foreach(module IN LISTS ARGN)
    set_property(GLOBAL APPEND PROPERTY "entrepot_conformance_${module}" "${port}")
  endforeach()
endfunction()

# --- Reading the tree ----------------------------------------------------------------------------

# Sets ENTREPOT_MODULES and, for each module m, ENTREPOT_DEPS_<m>.
macro(entrepot_read_layers)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${ENTREPOT_SRC}/LAYERS")
  file(STRINGS "${ENTREPOT_SRC}/LAYERS" lines REGEX "^[a-z0-9/]+:")
  set(ENTREPOT_MODULES "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z0-9/]+):(.*)$" _ "${line}")
    set(module "${CMAKE_MATCH_1}")
    separate_arguments(deps UNIX_COMMAND "${CMAKE_MATCH_2}")
    if(deps STREQUAL "*")
      set(deps ${ENTREPOT_MODULES})
    endif()
    list(APPEND ENTREPOT_MODULES "${module}")
    set("ENTREPOT_DEPS_${module}" ${deps})
  endforeach()
endmacro()

# Sets `out` to the files below src/<module> that match `pattern`, without those of modules nested
# in it (blob/fs lies in blob).
function(entrepot_module_files module pattern out)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${ENTREPOT_SRC}/${module}/${pattern}")
  foreach(other IN LISTS ENTREPOT_MODULES)
    if(other MATCHES "^${module}/")
      list(FILTER files EXCLUDE REGEX "^${ENTREPOT_SRC}/${other}/")
    endif()
  endforeach()
  set(${out} "${files}" PARENT_SCOPE)
endfunction()

function(entrepot_target_name module out)
  string(REPLACE "/" "_" name "${module}")
  set(${out} "${name}" PARENT_SCOPE)
endfunction()

# entrepot_link_modules(target PRIVATE|PUBLIC|INTERFACE module...): links those that have files.
function(entrepot_link_modules target visibility)
  foreach(module IN LISTS ARGN)
    entrepot_target_name("${module}" name)
    if(TARGET ${name})
      target_link_libraries(${target} ${visibility} ${name})
    endif()
  endforeach()
endfunction()

# The same for their testing libraries.
function(entrepot_link_testing target visibility)
  foreach(module IN LISTS ARGN)
    entrepot_target_name("${module}" name)
    if(TARGET ${name}_testing)
      target_link_libraries(${target} ${visibility} ${name}_testing)
    endif()
  endforeach()
endfunction()

# Lets the target all_verify_interface_header_sets compile each of the headers alone. Those that have
# a source file beside them are left out: it includes its own header first (tests/tidy/layers.py).
function(entrepot_verify_headers target visibility)
  set(alone "")
  foreach(header IN LISTS ARGN)
    string(REGEX REPLACE "\\.h$" ".cc" source "${header}")
    if(NOT EXISTS "${source}")
      list(APPEND alone "${header}")
    endif()
  endforeach()
  target_sources(${target} ${visibility} FILE_SET headers TYPE HEADERS
                 BASE_DIRS "${ENTREPOT_SRC}" FILES ${alone})
endfunction()

# --- Libraries -----------------------------------------------------------------------------------

function(entrepot_add_module module)
  entrepot_target_name("${module}" name)
  entrepot_module_files("${module}" "*.cc" sources)
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$|/testing/")
  entrepot_module_files("${module}" "*.h" headers)
  list(FILTER headers EXCLUDE REGEX "/testing/")
  get_property(libraries GLOBAL PROPERTY "entrepot_libraries_${module}")

  if(sources)
    add_library(${name} STATIC ${sources})
    set(visibility PUBLIC)
    entrepot_embed(${name} "${module}")
  elseif(headers)
    add_library(${name} INTERFACE)
    set(visibility INTERFACE)
  else()
    return()
  endif()
  target_include_directories(${name} ${visibility} "${ENTREPOT_SRC}")
  entrepot_verify_headers(${name} ${visibility} ${headers})
  target_link_libraries(${name} ${visibility} ${libraries})
  entrepot_link_modules(${name} ${visibility} ${ENTREPOT_DEPS_${module}})
endfunction()

macro(entrepot_add_modules)
  entrepot_read_layers()
  foreach(module IN LISTS ENTREPOT_MODULES)
    entrepot_add_module("${module}")
  endforeach()
endmacro()

# --- Tests ---------------------------------------------------------------------------------------

# Fakes and conformance suites of a module, which the tests of other modules use too.
function(entrepot_add_testing_library module)
  entrepot_target_name("${module}" name)
  entrepot_module_files("${module}" "testing/*.cc" sources)
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  set(cases ${sources})
  list(FILTER cases INCLUDE REGEX "_conformance_[a-z_]+\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_conformance_[a-z_]+\\.cc$")
  entrepot_module_files("${module}" "testing/*.h" headers)
  get_property(extra GLOBAL PROPERTY "entrepot_test_modules_${module}")

  if(sources)
    add_library(${name}_testing STATIC ${sources})
    set(visibility PUBLIC)
  elseif(headers)
    add_library(${name}_testing INTERFACE)
    set(visibility INTERFACE)
  else()
    return()
  endif()
  target_include_directories(${name}_testing ${visibility} "${ENTREPOT_SRC}")
  entrepot_verify_headers(${name}_testing ${visibility} ${headers})
  target_link_libraries(${name}_testing ${visibility} GTest::gtest)
  set(uses "${module}" ${ENTREPOT_DEPS_${module}} ${extra})
  entrepot_link_modules(${name}_testing ${visibility} ${uses})
  list(REMOVE_AT uses 0)
  entrepot_link_testing(${name}_testing ${visibility} ${uses})
  if(cases)
    add_library(${name}_conformance OBJECT ${cases})
    target_link_libraries(${name}_conformance PRIVATE ${name}_testing)
  endif()
endfunction()

# entrepot_add_test_program(name module label timeout source...)
function(entrepot_add_test_program name module label timeout)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE "${ENTREPOT_SRC}")
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gtest_main)
  get_property(extra GLOBAL PROPERTY "entrepot_test_modules_${module}")
  set(uses "${module}" ${ENTREPOT_DEPS_${module}} ${extra})
  entrepot_link_modules(${name} PRIVATE ${uses})
  entrepot_link_testing(${name} PRIVATE ${uses})
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    TEST_PREFIX "${module}."
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
    PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

function(entrepot_add_module_test module)
  entrepot_target_name("${module}" name)
  entrepot_module_files("${module}" "*_test.cc" sources)
  set(slow_sources ${sources})
  list(FILTER slow_sources INCLUDE REGEX "_slow_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_slow_test\\.cc$")

  # One label, because gtest_discover_tests cannot pass on two; `ctest -L unit` matches both.
  set(label unit)
  get_property(concurrent GLOBAL PROPERTY entrepot_concurrent)
  if(module IN_LIST concurrent)
    set(label unit-concurrent)
  endif()

  if(sources)
    set(timeout 60)
    if(ENTREPOT_SANITIZE)
      set(timeout 180)  # sanitizers make a test several times slower
    endif()
    entrepot_add_test_program(${name}_test "${module}" ${label} ${timeout} ${sources})
    get_property(ports GLOBAL PROPERTY "entrepot_conformance_${module}")
    foreach(port IN LISTS ports)
      entrepot_target_name("${port}" port)
      target_link_libraries(${name}_test PRIVATE ${port}_conformance)
    endforeach()
    add_dependencies(unit_tests ${name}_test)
    if(label STREQUAL "unit-concurrent")
      add_dependencies(concurrent_tests ${name}_test)
    endif()
  endif()
  if(slow_sources)
    entrepot_add_test_program(${name}_slow_test "${module}" slow 900 ${slow_sources})
  endif()
endfunction()

macro(entrepot_add_module_tests)
  include(GoogleTest)
  add_custom_target(unit_tests)        # all programs with the label unit
  add_custom_target(concurrent_tests)  # those with the label concurrent
  foreach(module IN LISTS ENTREPOT_MODULES)
    entrepot_add_testing_library("${module}")
  endforeach()
  foreach(module IN LISTS ENTREPOT_MODULES)
    entrepot_add_module_test("${module}")
  endforeach()
endmacro()

# --- Fuzzers -------------------------------------------------------------------------------------

# entrepot_add_fuzzer(module source out): the program of one fuzzer; sets `out` to its target's name and
# `out`_seeds to the folder of its seeds, src/<module>/testing/corpus/<file>/, if there is one.
function(entrepot_add_fuzzer module source out)
  entrepot_target_name("${module}" name)
  get_filename_component(stem "${source}" NAME_WE)
  set(fuzzer "${name}_${stem}")
  add_executable(${fuzzer} "${source}")
  target_include_directories(${fuzzer} PRIVATE "${ENTREPOT_SRC}")
  target_compile_options(${fuzzer} PRIVATE -fsanitize=fuzzer-no-link)
  target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
  entrepot_link_modules(${fuzzer} PRIVATE "${module}" ${ENTREPOT_DEPS_${module}})
  set(seeds "${ENTREPOT_SRC}/${module}/testing/corpus/${stem}")
  if(NOT IS_DIRECTORY "${seeds}")
    set(seeds "")
  endif()
  set(${out} ${fuzzer} PARENT_SCOPE)
  set(${out}_seeds "${seeds}" PARENT_SCOPE)
endfunction()

# Each fuzzer is given its seeds and inputs made of them, a thousand. The modules below it do not say
# which of their code ran, so that little is found: whoever breaks a fuzzer learns it, no more.
macro(entrepot_add_seed_runs)
  foreach(module IN LISTS ENTREPOT_MODULES)
    entrepot_module_files("${module}" "*_fuzz.cc" sources)
    foreach(source IN LISTS sources)
      entrepot_add_fuzzer("${module}" "${source}" fuzzer)
      add_dependencies(unit_tests ${fuzzer})
      # What a run finds is kept in the first folder: the seeds in the tree are only read.
      set(found "${CMAKE_BINARY_DIR}/corpus/${fuzzer}")
      file(MAKE_DIRECTORY "${found}")
      add_test(NAME seeds.${fuzzer}
               COMMAND ${fuzzer} -runs=1000 -seed=1 -timeout=10 -artifact_prefix=${found}/
                       "${found}" ${fuzzer_seeds})
      set_tests_properties(seeds.${fuzzer} PROPERTIES LABELS unit TIMEOUT 60)
    endforeach()
  endforeach()
endmacro()

# One program and one ctest case each, which fuzzes for ENTREPOT_FUZZ_SECONDS.
macro(entrepot_add_fuzz_targets)
  add_custom_target(fuzzers)  # all of them
  set(ENTREPOT_FUZZ_SECONDS 10 CACHE STRING "How long each fuzz test runs")
  foreach(module IN LISTS ENTREPOT_MODULES)
    entrepot_module_files("${module}" "*_fuzz.cc" sources)
    foreach(source IN LISTS sources)
      entrepot_add_fuzzer("${module}" "${source}" fuzzer)
      add_dependencies(fuzzers ${fuzzer})
      # What a run finds is kept in the build folder; the seeds in the tree are only read.
      set(found "${CMAKE_BINARY_DIR}/corpus/${fuzzer}")
      file(MAKE_DIRECTORY "${found}")
      add_test(NAME fuzz.${fuzzer}
               COMMAND ${fuzzer} -max_total_time=${ENTREPOT_FUZZ_SECONDS} -timeout=10
                       -rss_limit_mb=2048 -artifact_prefix=${found}/ "${found}" ${fuzzer_seeds})
      set_tests_properties(fuzz.${fuzzer} PROPERTIES LABELS fuzz)
    endforeach()
  endforeach()
endmacro()
